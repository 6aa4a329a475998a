package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"wstap/capture/benchtest"
)

// goal is how many times the CPU of tshark wstap has to save at least, at 100
// and at 1000 MB, and how many times that of tcpdump it may take; 0 is no goal.
type goal struct {
	tshark, tsharkLarge float64
	tcpdump             float64
}

var goals = map[benchtest.Profile]goal{
	benchtest.Small:   {tshark: 100, tsharkLarge: 200, tcpdump: 1.6},
	benchtest.Mixed:   {tshark: 70, tsharkLarge: 200, tcpdump: 1},
	benchtest.Bulk:    {tshark: 60, tsharkLarge: 200, tcpdump: 1},
	benchtest.Deflate: {tshark: 10, tsharkLarge: 10},
}

// mostMemory is what wstap may take on any of the profiles at any size.
const mostMemory = 64 << 20

// profile measures all tools on the capture of o and prints a table.
func (b *bench) profile(o benchtest.Options) error {
	path, truth, err := b.capture(o)
	if err != nil {
		return err
	}
	size, err := warm(path)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s: %.0f MB, %d packets (%d of WebSockets), %d connections, %d frames, %d messages of %.0f MB\n\n",
		o.Profile, float64(size)/1e6, truth.Packets, truth.WebSocketPackets, truth.Connections, truth.Frames, truth.Messages, float64(truth.MessageBytes)/1e6)
	if err := b.check(path, truth); err != nil {
		return err
	}
	tools := b.tools(path)
	costs, err := measure(tools)
	if err != nil {
		return err
	}
	b.print(o, tools, costs, size, truth)
	return nil
}

// tools are what is measured on a profile; those that are missing are told.
func (b *bench) tools(path string) []tool {
	all := []tool{
		{name: "wstap text", args: []string{b.wstap, "-r", path}, runs: b.runs},
		{name: "wstap text, 1 CPU", args: []string{b.wstap, "-r", path}, env: []string{"GOMAXPROCS=1"}, runs: b.runs},
		{name: "wstap jsonl", args: []string{b.wstap, "-r", path, "-T", "jsonl"}, runs: b.runs},
		{name: "wstap jsonl, 1 CPU", args: []string{b.wstap, "-r", path, "-T", "jsonl"}, env: []string{"GOMAXPROCS=1"}, runs: b.runs},
		{name: "tshark", args: []string{"tshark", "-o", "tcp.reassemble_out_of_order:TRUE", "-n", "-r", path, "-Y", "websocket", "-T", "fields",
			"-e", "frame.number", "-e", "websocket.opcode", "-e", "websocket.payload_length", "-e", "websocket.payload.text"}, runs: b.tshark},
		{name: "tcpdump -w", args: []string{"tcpdump", "-r", path, "-w", "/dev/null"}, runs: b.runs},
		{name: "cat", args: []string{"cat", path}, runs: b.runs},
	}
	return slices.DeleteFunc(all, func(t tool) bool {
		_, err := exec.LookPath(t.args[0])
		if err != nil {
			fmt.Printf("%s is not installed: left out\n", t.args[0])
		}
		return err != nil || t.runs == 0
	})
}

// print prints a Markdown table.
func (b *bench) print(o benchtest.Options, tools []tool, costs []cost, size int64, truth benchtest.Truth) {
	of := func(name string) (cost, bool) {
		i := slices.IndexFunc(tools, func(t tool) bool { return t.name == name })
		if i < 0 {
			return cost{}, false
		}
		return costs[i], true
	}
	text, _ := of("wstap text")
	fmt.Println("| | CPU ms | wall ms | peak RSS MiB | MB/s of CPU | ns a packet | CPU, times wstap text |")
	fmt.Println("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
	for i, t := range tools {
		c := costs[i]
		fmt.Printf("| %s | %.0f | %.0f | %.1f | %.0f | %.0f | %.2f |\n", t.name, ms(c.cpu), ms(c.wall), float64(c.rss)/(1<<20),
			float64(size)/1e6/c.cpu.Seconds(), float64(c.cpu.Nanoseconds())/float64(truth.Packets), c.cpu.Seconds()/text.cpu.Seconds())
	}
	fmt.Println()
	g := goals[o.Profile]
	least := g.tshark
	if o.Bytes >= 1e9 {
		least = g.tsharkLarge
	}
	if tshark, ok := of("tshark"); ok {
		ratio := tshark.cpu.Seconds() / text.cpu.Seconds()
		told(ratio >= least, "%.0f times less CPU than tshark; goal: at least %.0f", ratio, least)
	}
	if tcpdump, ok := of("tcpdump -w"); ok && g.tcpdump > 0 {
		ratio := text.cpu.Seconds() / tcpdump.cpu.Seconds()
		told(ratio <= g.tcpdump, "%.2f times the CPU of tcpdump -w /dev/null; goal: at most %.1f", ratio, g.tcpdump)
	}
	jsonl, _ := of("wstap jsonl")
	told(max(text.rss, jsonl.rss) <= mostMemory, "%.0f MiB at the peak; goal: at most %d", float64(max(text.rss, jsonl.rss))/(1<<20), mostMemory>>20)
	second := map[benchtest.Profile]string{benchtest.Small: "wstap jsonl", benchtest.Deflate: "wstap text"}[o.Profile]
	if second != "" {
		two, _ := of(second)
		one, _ := of(second + ", 1 CPU")
		ratio := one.wall.Seconds() / two.wall.Seconds()
		told(ratio >= 1.5, "%.2f times less wall time with a second CPU (%s); goal: at least 1.5", ratio, strings.TrimPrefix(second, "wstap "))
	}
	fmt.Println("- frames, messages and bytes are those that were generated")
}

// told prints a figure beside its goal.
func told(met bool, format string, args ...any) {
	word := "met"
	if !met {
		word = "NOT MET"
	}
	fmt.Printf("- "+format+": "+word+"\n", args...)
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }
