package page

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Bundle is the page as one file, in two halves with room for data between.
type Bundle struct{ Head, Tail []byte }

// The forms that the assets keep to, so that joining them takes no parser:
// imports are single lines at the top, exports stand before declarations at the
// left margin, and top-level names are unique over all modules.
var (
	importLine = lazily(`^import \{([^}]*)\} from '\./([a-z0-9-]+\.js)';$`)
	exportLine = lazily(`^export (?:async )?(?:function\*?|class|const|let) (\w+)`)
	declLine   = lazily(`^(?:async )?(?:function\*?|class|const|let) (\w+)`)
	styleLine  = lazily(`<link rel="stylesheet" href="([a-z0-9-]+\.css)">`)
	scriptLine = lazily(`<script type="module" src="([a-z0-9-]+\.js)"></script>`)
)

// lazily compiles a regular expression when it is first asked for: most runs
// write no page.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

const charsetLine = `<meta charset="windows-1252">`

// NewBundle joins the assets into one page that loads nothing, with a content
// security policy that lets nothing run but its script, by hash.
func NewBundle(assets fs.FS) (*Bundle, error) {
	index, err := fs.ReadFile(assets, "index.html")
	if err != nil {
		return nil, err
	}
	html := string(index)
	var styles []string
	for _, m := range styleLine().FindAllStringSubmatch(html, -1) {
		css, err := fs.ReadFile(assets, m[1])
		if err != nil {
			return nil, err
		}
		// A style element's hash is that of all between its tags.
		html = strings.Replace(html, m[0], "<style>"+string(css)+"</style>", 1)
		styles = append(styles, hash(string(css)))
	}
	entry := scriptLine().FindAllStringSubmatch(html, -1)
	if len(entry) != 1 {
		return nil, fmt.Errorf("index.html: want one module script, there are %d", len(entry))
	}
	script, err := join(assets, entry[0][1])
	if err != nil {
		return nil, err
	}
	html = strings.Replace(html, entry[0][0], `<script type="module">`+script+"</script>", 1)
	policy := `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ` + hash(script) +
		"; style-src " + strings.Join(styles, " ") + `; img-src data:; base-uri 'none'; form-action 'none'">`
	for _, x := range [][2]string{{charsetLine, charsetLine + "\n" + policy}, {"<html ", "<html data-embedded "}} {
		if strings.Count(html, x[0]) != 1 {
			return nil, fmt.Errorf("index.html: want %s once", x[0])
		}
		html = strings.Replace(html, x[0], x[1], 1)
	}
	if i := firstForeign(html); i >= 0 {
		return nil, fmt.Errorf("index.html and what it links: not ASCII at byte %d of the page", i)
	}
	head, tail, ok := strings.Cut(html, "</body>")
	if !ok {
		return nil, errors.New("index.html: want </body>")
	}
	return &Bundle{[]byte(head), []byte("</body>" + tail)}, nil
}

// firstForeign is the place of the first byte that is not printable ASCII or a
// line feed, which would mean other things in another encoding; -1 without.
func firstForeign(s string) int {
	return strings.IndexFunc(s, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' })
}

// hash is a source expression of a content security policy (CSP 3, 2.3.1).
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// join puts the modules that entry needs into one, each behind those it imports.
func join(assets fs.FS, entry string) (string, error) {
	j := joiner{assets: assets, exports: map[string][]string{}, names: map[string]string{}}
	if err := j.add(entry); err != nil {
		return "", err
	}
	return j.out.String(), nil
}

type joiner struct {
	assets  fs.FS
	out     strings.Builder
	exports map[string][]string // names, by module; nil while it is being added
	names   map[string]string   // top-level name to the module that has it
}

// add appends a module, and those it imports before. Modules may import each
// other in a circle, as long as they call no one while they load.
func (j *joiner) add(module string) error {
	if _, done := j.exports[module]; done {
		return nil
	}
	j.exports[module] = nil
	text, err := fs.ReadFile(j.assets, module)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(text), "\n")
	var body strings.Builder
	var exports []string
	type wanted struct{ module, name string }
	var wants []wanted
	for _, line := range lines {
		bare := strings.TrimRight(line, "\r\n")
		switch m := importLine().FindStringSubmatch(bare); {
		case m != nil:
			if err := j.add(path.Base(m[2])); err != nil {
				return fmt.Errorf("%s: %w", module, err)
			}
			for name := range strings.SplitSeq(m[1], ",") {
				wants = append(wants, wanted{m[2], strings.TrimSpace(name)})
			}
			continue
		case strings.HasPrefix(bare, "import "):
			return fmt.Errorf("%s: an import in a form that is not joined: %s", module, bare)
		case strings.HasPrefix(bare, "export "):
			m := exportLine().FindStringSubmatch(bare)
			if m == nil {
				return fmt.Errorf("%s: an export in a form that is not joined: %s", module, bare)
			}
			exports = append(exports, m[1])
			line = strings.TrimPrefix(line, "export ")
		}
		if m := declLine().FindStringSubmatch(line); m != nil {
			if other := j.names[m[1]]; other != "" {
				return fmt.Errorf("%s: %s is declared in %s too", module, m[1], other)
			}
			j.names[m[1]] = module
		}
		body.WriteString(line)
	}
	j.exports[module] = append(exports, "") // not nil any more
	for _, w := range wants {
		if there := j.exports[w.module]; there != nil && !slices.Contains(there, w.name) {
			return fmt.Errorf("%s: %s does not export %s", module, w.module, w.name)
		}
	}
	if strings.Contains(strings.ToLower(body.String()), "</script") || strings.Contains(body.String(), "<!--") {
		return fmt.Errorf("%s: what would end the script element", module)
	}
	j.out.WriteString("\n// " + module + "\n")
	j.out.WriteString(body.String())
	return nil
}
