// Benchlive replays a capture at rising rates over a veth pair between two
// network namespaces, to tcpdump -w /dev/null and to wstap printing the timeline
// to a file, in turn:
//
//	go run ./testdata/benchlive -pcap bin/bench/small-100MB.pcap -rates 50000,100000,0
//
// It fails where wstap drops packets at a rate at which tcpdump drops none, and
// where a frame is printed that was not sent. At the end wstap gets too small a
// buffer and too little time, at full speed: what it lost has to be counted, and
// no frame may be false. It needs root, tcpreplay and tcpdump; without them it
// says so and does nothing.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("benchlive: ")
	wstap := flag.String("wstap", "bin/wstap", "the `binary` to measure")
	pcap := flag.String("pcap", "bin/bench/small-100MB.pcap", "the `capture` to replay")
	rates := flag.String("rates", "50000,100000,200000,300000,500000,0", "`packets` per second, 0 as fast as it goes")
	flag.Parse()
	if os.Geteuid() != 0 {
		log.Print("live capture needs root: skipped")
		return
	}
	for _, tool := range []string{"ip", "nsenter", "tcpreplay", "tcpdump"} {
		if _, err := exec.LookPath(tool); err != nil {
			log.Printf("%s is not installed: skipped", tool)
			return
		}
	}
	if err := enter(); err != nil {
		log.Printf("no network namespace to be had (%v): skipped", err)
		return
	}
	if err := bench(*wstap, *pcap, *rates); err != nil {
		log.Fatal(err)
	}
}

// inNamespace marks the process that was started in the namespace.
const inNamespace = "WSTAP_BENCH_NAMESPACE"

// enter begins the program anew in a network namespace.
func enter() error {
	if os.Getenv(inNamespace) != "" {
		return nil
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// The signal comes when the thread ends that started the process.
	runtime.LockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err == nil || errors.As(err, &exit) {
		os.Exit(cmd.ProcessState.ExitCode())
	}
	return err
}

func bench(wstap, pcap, rates string) error {
	sent, err := truth(wstap, pcap)
	if err != nil {
		return err
	}
	w, err := newWire()
	if err != nil {
		return err
	}
	defer w.close()
	fmt.Printf("%s: %d frames. %d CPUs, which tcpreplay shares with who captures.\n\n", pcap, sent.total, runtime.NumCPU())
	fmt.Println("| asked for, packets/s | reached | | sent | captured | dropped by kernel | by interface | CPU ns a packet | frames found | false |")
	fmt.Println("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	var errs []error
	best := map[string]float64{}
	for _, rate := range strings.Split(rates, ",") {
		asked, err := strconv.Atoi(rate)
		if err != nil || asked < 0 {
			return fmt.Errorf("-rates %s: want packets per second", rates)
		}
		lossless := false
		for _, tool := range []capturer{tcpdump{}, timeline{binary: wstap, sent: sent}} {
			r, err := w.measure(tool, pcap, asked)
			if err != nil {
				return err
			}
			r.print(asked, sent)
			switch clean := r.captured >= r.sent && r.dropped+r.interfaceDropped == 0; {
			case clean:
				best[tool.name()] = max(best[tool.name()], r.rate)
				lossless = true
			case lossless: // tcpdump was
				errs = append(errs, fmt.Errorf("at %.0f packets/s wstap loses %d, tcpdump none", r.rate, r.sent-r.captured))
			}
			errs = append(errs, r.truthful())
		}
	}
	r, err := w.measure(timeline{binary: wstap, sent: sent, starved: true}, pcap, 0)
	if err != nil {
		return err
	}
	r.print(0, sent)
	errs = append(errs, r.truthful())
	if r.dropped == 0 || r.captured+r.dropped < r.sent {
		errs = append(errs, fmt.Errorf("starved, wstap counts %d packets and %d dropped of %d", r.captured, r.dropped, r.sent))
	}
	fmt.Printf("\nThe highest rate without a loss: tcpdump %.0f packets/s, wstap %.0f.\n", best["tcpdump"], best["wstap"])
	return errors.Join(errs...)
}
