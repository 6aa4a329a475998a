package dfilter_test

import (
	"os/exec"
	"strings"
	"testing"

	"wstap/report/dfilter"
)

func TestFieldsAreInOrder(t *testing.T) {
	before := ""
	for _, f := range dfilter.Fields() {
		if f.Name <= before {
			t.Errorf("%s behind %s", f.Name, before)
		}
		before = f.Name
		if f.Text == "" || strings.ContainsAny(f.Text, "\n\t") || f.Text[len(f.Text)-1] == '.' {
			t.Errorf("%s: %q is no line of description", f.Name, f.Text)
		}
		if dfilter.Lookup(f.Name) == nil {
			t.Errorf("%s is not found", f.Name)
		}
	}
}

// bytesHere are labels in tshark and bytes here, so that they can be searched.
var bytesHere = map[string]bool{"websocket.payload": true, "websocket.masked_payload": true}

// absentThere are fields that tshark 4.0 lacks; later versions have them.
var absentThere = map[string]bool{"http.origin": true, "websocket.payload.not.fully.unmasked": true}

// labelsHere are fields of tshark that nothing in a WebSocket can be.
var labelsHere = map[string]bool{
	"websocket.fragment.overlap": true, "websocket.fragment.overlap.conflict": true, "websocket.fragment.multipletails": true,
	"websocket.fragment.toolongfragment": true, "websocket.fragment.error": true,
}

// TestTypesAreTsharks compares with the output of tshark -G fields.
func TestTypesAreTsharks(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	out, err := exec.Command("tshark", "-G", "fields").Output()
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string]string)
	hex := make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		column := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case column[0] == "P":
			types[column[2]] = "FT_PROTOCOL"
		case len(column) > 5:
			types[column[2]] = column[3]
			hex[column[2]] = strings.HasPrefix(column[5], "BASE_HEX")
		}
	}
	for _, f := range dfilter.Fields() {
		if strings.HasPrefix(f.Name, "wstap") || absentThere[f.Name] || bytesHere[f.Name] || labelsHere[f.Name] {
			continue
		}
		if types[f.Name] != f.Type.String() || hex[f.Name] != f.Hex {
			t.Errorf("%s is %s (hex %t), in tshark %s (hex %t)", f.Name, f.Type, f.Hex, types[f.Name], hex[f.Name])
		}
		delete(types, f.Name)
	}
	for name := range types {
		if strings.HasPrefix(name, "websocket") && !bytesHere[name] && !labelsHere[name] {
			t.Errorf("%s is missing", name)
		}
	}
}
