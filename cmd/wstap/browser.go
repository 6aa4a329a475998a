package main

import (
	"os"
	"os/exec"
	"runtime"
)

// browse opens url in the user's browser, if there is a screen to show it on.
// When that does not succeed, there is the address that was printed.
func (p *program) browse(url string) {
	name, args := opener(runtime.GOOS, p.getenv, os.Geteuid())
	if name == "" {
		return
	}
	cmd := exec.Command(name, append(args, url)...)
	if cmd.Start() != nil {
		return
	}
	go cmd.Wait() // it leaves no zombie; what becomes of it is the user's to see
}

// opener is the program that opens an address, by the system; "" for none.
func opener(system string, getenv func(string) string, uid int) (name string, args []string) {
	switch system {
	case "darwin":
		return "open", nil
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	}
	switch {
	case getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "":
		return "", nil // it would be a browser of text, in this terminal
	case uid == 0:
		return "", nil // browsers refuse to be root, or should
	}
	return "xdg-open", nil
}
