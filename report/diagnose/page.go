package diagnose

import (
	"embed"
	"strings"
)

// pages holds a page for each code: what it is, what it looks like, what to do.
//
//go:embed page/*.md
var pages embed.FS

// Page is the page on the code, in Markdown.
func (c Code) Page() string {
	b, err := pages.ReadFile("page/" + c.String() + ".md")
	if err != nil {
		return "" // a test holds that there is one for each
	}
	return string(b)
}

// Title is the code's meaning in a few words.
func (c Code) Title() string {
	line, _, _ := strings.Cut(c.Page(), "\n")
	_, title, _ := strings.Cut(line, ": ")
	return title
}
