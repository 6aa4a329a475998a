package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxExported bounds the connections that one address names.
const maxExported = 4096

// export sends the packets of ?conns=1,3, or of all connections, as a file.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	conns, ok := numbers(q.Get("conns"))
	switch {
	case q.Get("format") != "pcapng":
		refuse(w, http.StatusBadRequest, "want format=pcapng: the page makes the other formats itself")
		return
	case !ok:
		refuse(w, http.StatusBadRequest, "want conns=1,3: numbers of connections, 4096 at most")
		return
	case s.opts.Export == nil:
		refuse(w, http.StatusNotFound, s.opts.NoExport)
		return
	}
	w.Header().Set("Content-Type", "application/x-pcapng")
	w.Header().Set("Content-Disposition", `attachment; filename="wstap.pcapng"`)
	if r.Method == http.MethodHead || !s.enter(r) {
		return
	}
	defer s.leave()
	out := &download{w: w, s: s, control: http.NewResponseController(w)}
	err := s.opts.Export(r.Context(), out, conns)
	switch {
	case err == nil:
	case !out.begun:
		w.Header().Del("Content-Disposition")
		refuse(w, http.StatusInternalServerError, err.Error())
	default:
		// The browser must not take a part for the whole: the last chunk of the body,
		// which says that it is complete (RFC 9112, 7.1), cannot be sent any more.
		_ = out.control.SetWriteDeadline(time.Unix(1, 0))
	}
}

// numbers reads numbers with commas between; "" has none.
func numbers(s string) (all []int, ok bool) {
	if s == "" {
		return nil, true
	}
	for word := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || len(all) == maxExported {
			return nil, false
		}
		all = append(all, n)
	}
	return all, true
}

// download is a body that may take long, but not stand still.
type download struct {
	w       http.ResponseWriter
	s       *Server
	control *http.ResponseController
	begun   bool
}

// Write implements io.Writer.
func (d *download) Write(b []byte) (int, error) {
	d.begun = true
	d.s.patience(d.control)
	return d.w.Write(b)
}
