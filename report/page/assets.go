package page

import (
	"embed"
	"io/fs"
)

// files are the page: index.html, style sheets, modules.
//
//go:embed assets
var files embed.FS

// Assets are the files of the page by their names in index.html, for a server.
func Assets() fs.FS {
	sub, err := fs.Sub(files, "assets")
	if err != nil {
		return files // "assets" is a valid path
	}
	return sub
}
