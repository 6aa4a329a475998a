package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"wstap/capture/capturetest"
	"wstap/report/browsertest"
)

// TestPageImages makes the pictures of docs/images, for the README: `make
// page-images` does, and a person looks at them.
func TestPageImages(t *testing.T) {
	if os.Getenv("WSTAP_PAGE_IMAGES") == "" {
		t.Skip("makes docs/images: make page-images")
	}
	var capture bytes.Buffer
	if err := capturetest.WritePcap(&capture, capturetest.Load(t, "testdata/page/tour.txt")); err != nil {
		t.Fatal(err)
	}
	browser := browsertest.Start(t)
	name := filepath.Join(t.TempDir(), "call.pcap")
	if err := os.WriteFile(name, capture.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out := name + ".html"
	if said, err := wstap(t, "report", "-q", "-r", name, "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for scheme, state := range map[string]string{"light": "#row=2", "dark": "#conn=1&row=7&pane=header"} {
		p := browser.New(t)
		p.Media("screen", scheme)
		p.Go(browsertest.FileURL(out) + state)
		p.Until(loaded)
		p.Until(`document.querySelector('#detail-body').childElementCount > 0`)
		p.Eval(settled, nil)
		p.Eval(settled, nil)
		shown, err := png.Decode(bytes.NewReader(p.Screenshot()))
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		if err := encoder.Encode(&file, paletted(shown)); err != nil {
			t.Fatal(err)
		}
		if file.Len() > 120<<10 {
			t.Errorf("%s: %d bytes are too many for a README", scheme, file.Len())
		}
		if err := os.WriteFile("../../docs/images/page-"+scheme+".png", file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		quiet(t, p)
	}
}

// paletted is an image in its 256 most frequent colors; another pixel takes the
// nearest of them. Text is smoothed with hundreds of shades that nobody tells apart.
func paletted(img image.Image) *image.Paletted {
	b := img.Bounds()
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA {
		r, g, bl, _ := img.At(x, y).RGBA()
		return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8), 255}
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	var colors []color.RGBA
	for c := range count {
		colors = append(colors, c)
	}
	slices.SortFunc(colors, func(a, c color.RGBA) int {
		if d := count[c] - count[a]; d != 0 {
			return d
		}
		return (int(a.R)<<16 | int(a.G)<<8 | int(a.B)) - (int(c.R)<<16 | int(c.G)<<8 | int(c.B))
	})
	var palette color.Palette
	for _, c := range colors[:min(256, len(colors))] {
		palette = append(palette, c)
	}
	out := image.NewPaletted(b, palette)
	index := map[color.RGBA]uint8{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := at(x, y)
			k, ok := index[c]
			if !ok {
				k = uint8(palette.Index(c))
				index[c] = k
			}
			out.SetColorIndex(x, y, k)
		}
	}
	return out
}
