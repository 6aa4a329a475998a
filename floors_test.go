// Package wstap_test holds the house to its plan: imports fall, from cmd/wstap
// down to capture, and what ends a program or keeps hidden state stays out of
// the packages. ARCHITECTURE.md says why.
package wstap_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "wstap"

// floors are the directories at the top, from the ground up.
var floors = []string{"capture", "reassembly", "wsframe", "report", "cmd"}

// homes are the only floors that may import what begins with the path.
var homes = map[string]string{
	"github.com/google/gopacket": "capture",
	"github.com/gobwas/":         "wsframe",
}

// clock are the functions of package time that ask the wall clock. Packet time
// is the only clock below cmd.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// exempt are the files that may break a rule, each for a reason.
var exempt = map[string]string{
	"capture/live.go: clock": "an interface that is down sends no packet to tell the time by",
	"capture/feed.go: clock": "a pipe that is silent must yield ErrIdle, as an interface does",
}

func TestFloors(t *testing.T) {
	used := map[string]bool{}
	for _, f := range inspect(t, os.DirFS(".")) {
		if key := f.file + ": " + f.rule; exempt[key] != "" {
			used[key] = true
			continue
		}
		t.Error(f)
	}
	for key := range exempt {
		if file, _, _ := strings.Cut(key, ":"); !used[key] && exists(file) {
			t.Errorf("%s is exempt and need not be", key)
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Each rule is broken once, to see that it is held; the last files break none.
func TestPlantedFaultsAreFound(t *testing.T) {
	house := fstest.MapFS{}
	for name, text := range map[string]string{
		"capture/up.go":            "package capture\nimport _ \"wstap/reassembly\"",
		"capture/up_test.go":       "package capture_test\nimport \"wstap/report/text\"\nvar _ = text.New",
		"report/gopacket.go":       "package report\nimport \"github.com/google/gopacket/layers\"\nvar _ layers.TCP",
		"report/ws_test.go":        "package report\nimport \"github.com/gobwas/ws\"\nvar _ ws.Header",
		"wsframe/fixture.go":       "package wsframe\nimport \"wstap/capture/capturetest\"\nvar _ = capturetest.New",
		"elsewhere/x.go":           "package elsewhere",
		"report/init.go":           "package report\nfunc init() {}",
		"reassembly/exit.go":       "package reassembly\nimport system \"os\"\nfunc f() { system.Exit(1) }",
		"reassembly/fatal.go":      "package reassembly\nimport \"log\"\nfunc g() { log.Fatalf(\"\") }",
		"reassembly/panic.go":      "package reassembly\nfunc h() { panic(1) }",
		"wsframe/now.go":           "package wsframe\nimport \"time\"\nvar now = time.Now",
		"cmd/wstap/state.go":       "package main\nvar count int\nvar table = map[int]struct{ n [1]int }{}\nfunc f() {\n\tcount++\n\tdelete(table, 1)\n}",
		"cmd/wstap/more.go":        "package main\nfunc g(p *int) {\n\tcount = 1\n\t(table)[2] = table[1]\n\tp = &count\n\tfor count = range 3 {\n\t}\n\tclear(table)\n}",
		"report/har/right.go":      "package har\nimport \"wstap/capture\"\nvar names = []string{\"a\"}\nfunc (w W) panic() { names := []int{1}; names[0] = 2; w.panic() }\ntype W struct{ f capture.Flow }",
		"cmd/wstap/main.go":        "package main\nimport (\n\t\"os\"\n\t\"time\"\n\t\"wstap/capture\"\n)\nfunc main() { time.Now(); os.Exit(capture.X) }",
		"wsframe/x_test.go":        "package wsframe\nimport (\n\t\"time\"\n\t\"wstap/capture/capturetest\"\n)\nvar x = time.Now()\nfunc init() { x = capturetest.New() }",
		"testdata/ignored.go":      "package ignored\nfunc init() {}",
		"report/testdata/i.go":     "package ignored\nfunc init() {}",
		"capture/capturetest/t.go": "package capturetest\nimport \"testing\"\nfunc F(t testing.TB) { panic(t) }",
	} {
		house[name] = &fstest.MapFile{Data: []byte(text)}
	}
	var got []string
	for _, f := range inspect(t, house) {
		got = append(got, f.String())
	}
	want := []string{
		"capture/up.go:2: blank import: wstap/reassembly",
		"capture/up.go:2: upward import: wstap/reassembly",
		"capture/up_test.go:2: upward import: wstap/report/text",
		"cmd/wstap/more.go:3: global state: count is written",
		"cmd/wstap/more.go:4: global state: table is written",
		"cmd/wstap/more.go:5: global state: count is written",
		"cmd/wstap/more.go:6: global state: count is written",
		"cmd/wstap/more.go:8: global state: table is written",
		"cmd/wstap/state.go:5: global state: count is written",
		"cmd/wstap/state.go:6: global state: table is written",
		"elsewhere/x.go:1: floor: not on one of capture, reassembly, wsframe, report, cmd",
		"reassembly/exit.go:3: end of program: os.Exit",
		"reassembly/fatal.go:3: end of program: log.Fatalf",
		"reassembly/panic.go:2: end of program: panic",
		"report/gopacket.go:2: home: github.com/google/gopacket/layers belongs in capture",
		"report/init.go:2: init: func init",
		"report/ws_test.go:2: home: github.com/gobwas/ws belongs in wsframe",
		"wsframe/fixture.go:2: test support: wstap/capture/capturetest",
		"wsframe/now.go:3: clock: time.Now",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// fault is one breach of the plan.
type fault struct {
	file string
	line int
	rule string
	what string
}

func (f fault) String() string { return fmt.Sprintf("%s:%d: %s: %s", f.file, f.line, f.rule, f.what) }

// inspect finds the faults of all Go files in house, in order of file and line.
func inspect(t *testing.T, house fs.FS) []fault {
	t.Helper()
	fset := token.NewFileSet()
	packages := map[string][]*ast.File{} // by directory; files that are no tests
	var faults []fault
	err := fs.WalkDir(house, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (d.Name() == "testdata" || d.Name()[0] == '.'):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || name == "floors_test.go":
			return nil
		}
		text, err := fs.ReadFile(house, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		faults = append(faults, inspectImports(fset, name, file)...)
		if !strings.HasSuffix(name, "_test.go") {
			packages[path.Dir(name)] = append(packages[path.Dir(name)], file)
			faults = append(faults, inspectCalls(fset, name, file)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range packages {
		faults = append(faults, inspectState(fset, files)...)
	}
	slices.SortFunc(faults, func(a, b fault) int {
		if c := strings.Compare(a.file, b.file); c != 0 {
			return c
		}
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.rule, b.rule)
	})
	return slices.Compact(faults)
}

// at is a fault at the place of a node.
func at(fset *token.FileSet, n ast.Node, rule, what string) fault {
	p := fset.Position(n.Pos())
	return fault{p.Filename, p.Line, rule, what}
}

// floor is the number of a directory's or package's floor, -1 for none.
func floor(dir string) int {
	top, _, _ := strings.Cut(dir, "/")
	return slices.Index(floors, top)
}

// isSupport reports whether a package is made for tests, as capturetest is.
func isSupport(dir string) bool { return strings.HasSuffix(path.Base(dir), "test") }

func inspectImports(fset *token.FileSet, name string, file *ast.File) (faults []fault) {
	dir := path.Dir(name)
	if floor(dir) < 0 {
		return []fault{at(fset, file, "floor", "not on one of "+strings.Join(floors, ", "))}
	}
	isTest := strings.HasSuffix(name, "_test.go")
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		for prefix, home := range homes {
			if strings.HasPrefix(imported, prefix) && floors[floor(dir)] != home {
				faults = append(faults, at(fset, spec, "home", imported+" belongs in "+home))
			}
		}
		if spec.Name != nil && spec.Name.Name == "_" && imported != "embed" {
			faults = append(faults, at(fset, spec, "blank import", imported))
		}
		ours, ok := strings.CutPrefix(imported, module+"/")
		if !ok {
			continue
		}
		if floor(ours) > floor(dir) {
			faults = append(faults, at(fset, spec, "upward import", imported))
		}
		if isSupport(ours) && !isTest && !isSupport(dir) {
			faults = append(faults, at(fset, spec, "test support", imported))
		}
	}
	return faults
}

// inspectCalls finds what a package must leave to main: to end the program, and
// to ask what time it is.
func inspectCalls(fset *token.FileSet, name string, file *ast.File) (faults []fault) {
	local := map[string]string{} // what the file calls the packages os, log and time
	for _, spec := range file.Imports {
		if p, _ := strconv.Unquote(spec.Path.Value); spec.Name != nil {
			local[spec.Name.Name] = p
		} else {
			local[path.Base(p)] = p
		}
	}
	dir := path.Dir(name)
	isMain := floors[max(floor(dir), 0)] == "cmd"
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				faults = append(faults, at(fset, n, "init", "func init"))
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "panic" && !isMain && !isSupport(dir) {
				faults = append(faults, at(fset, n, "end of program", "panic"))
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok || isMain {
				break
			}
			switch what, f := local[x.Name], n.Sel.Name; {
			case what == "os" && f == "Exit",
				what == "log" && (strings.HasPrefix(f, "Fatal") || strings.HasPrefix(f, "Panic")):
				faults = append(faults, at(fset, n, "end of program", what+"."+f))
			case what == "time" && slices.Contains(clock, f):
				faults = append(faults, at(fset, n, "clock", what+"."+f))
			}
		}
		return true
	})
	return faults
}

// inspectState finds the package-level variables that a function of their own
// package writes to, or takes the address of. What other packages are is not
// looked up, so the type checker complains all the time, and is not heard: it
// is asked only which names mean those variables.
func inspectState(fset *token.FileSet, files []*ast.File) (faults []fault) {
	uses := map[*ast.Ident]types.Object{}
	config := types.Config{Error: func(error) {}, Importer: nowhere{}, FakeImportC: true}
	pkg, _ := config.Check("p", fset, files, &types.Info{Uses: uses})
	written := func(target ast.Expr) {
		if v, ok := uses[root(target)].(*types.Var); ok && v.Parent() == pkg.Scope() {
			faults = append(faults, at(fset, target, "global state", v.Name()+" is written"))
		}
	}
	visit := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, target := range n.Lhs {
					written(target)
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				written(n.Key)
				written(n.Value)
			}
		case *ast.IncDecStmt:
			written(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				written(n.X)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (f.Name == "delete" || f.Name == "clear") {
				written(n.Args[0])
			}
		}
		return true
	}
	for _, file := range files {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				ast.Inspect(f, visit)
			}
		}
	}
	return faults
}

// root is the name that an expression such as (a.b)[i].c begins with.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.ParenExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// nowhere is an importer that finds nothing.
type nowhere struct{}

func (nowhere) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not looked up", path)
}
