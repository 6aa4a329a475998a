package stats

import (
	"strconv"

	"wstap/report"
	"wstap/wsframe"
)

func (p *page) table(f *figuresModel) {
	c, s := &f.Client, &f.Server
	p.row("", "client "+p.right, p.left+" server", "both")
	counts := func(label string, a, b uint64) { p.row(label, count(a), count(b), count(a+b)) }
	sizes := func(label string, a, b uint64) { p.row(label, size(a), size(b), size(a+b)) }
	counts("frames", c.Frames, s.Frames)
	for op := range c.opcodes {
		if a, b := c.opcodes[op], s.opcodes[op]; a+b > 0 {
			counts("  "+wsframe.OpcodeName(wsframe.Opcode(op)), a, b)
		}
	}
	if c.FrameRate+s.FrameRate > 0 {
		p.row("  per second", rate(c.FrameRate), rate(s.FrameRate), rate(c.FrameRate+s.FrameRate))
	}
	sizes("payload", c.PayloadBytes, s.PayloadBytes)
	if c.ByteRate+s.ByteRate > 0 {
		p.row("  per second", size(uint64(c.ByteRate)), size(uint64(s.ByteRate)), size(uint64(c.ByteRate+s.ByteRate)))
	}
	counts("messages", c.Messages, s.Messages)
	if c.Incomplete+s.Incomplete > 0 {
		counts("  incomplete", c.Incomplete, s.Incomplete)
	}
	if c.Compression != nil || s.Compression != nil {
		p.row("  compressed", c.Compression.count(), s.Compression.count())
		p.row("  compression ratio", c.Compression.ratio(), s.Compression.ratio())
	}
	for _, q := range []struct {
		label string
		of    func(*sizeModel) uint64
	}{
		{"message size, median", func(m *sizeModel) uint64 { return m.Median }},
		{"  95 % are up to", func(m *sizeModel) uint64 { return m.P95 }},
		{"  the largest", func(m *sizeModel) uint64 { return m.Max }},
	} {
		cell := func(m *sizeModel) string {
			if m == nil {
				return "-"
			}
			return size(q.of(m))
		}
		if c.Size != nil || s.Size != nil {
			p.row(q.label, cell(c.Size), cell(s.Size))
		}
	}
}

func (c *compressionModel) count() string {
	if c == nil {
		return "-"
	}
	return count(c.Messages)
}

func (c *compressionModel) ratio() string {
	if c == nil || c.Ratio == 0 {
		return "-"
	}
	return strconv.FormatFloat(c.Ratio, 'f', 2, 64) + " : 1"
}

func (p *page) names(all []nameModel) {
	if len(all) == 0 {
		return
	}
	p.row("messages by name", "client "+p.right, "", p.left+" server")
	for _, n := range all {
		p.own("      ")
		before := len(p.b)
		p.foreign(string(n.Name), nameWidth)
		if w := report.Columns(string(p.b[before:])); w > labelWidth-2 {
			p.own("\n      ")
			before = len(p.b)
		}
		for w := report.Columns(string(p.b[before:])); w < labelWidth; w++ {
			p.b = append(p.b, ' ')
		}
		for _, c := range []nameCountModel{n.Client, n.Server} {
			cells := [2]string{count(c.Messages), size(c.Bytes)}
			if c.Messages == 0 {
				cells = [2]string{"-", ""}
			}
			for _, s := range cells {
				for w := len(s); w < cellWidth; w++ {
					p.b = append(p.b, ' ')
				}
				p.own(s)
			}
		}
		for p.b[len(p.b)-1] == ' ' {
			p.b = p.b[:len(p.b)-1]
		}
		p.own("\n")
	}
}
