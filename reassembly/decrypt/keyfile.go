package decrypt

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// keyFile is a key log file that may grow, be truncated or be replaced.
type keyFile struct {
	path string
	file *os.File
	info os.FileInfo
	read int64  // bytes read so far
	line []byte // begun and not ended
	long bool   // the line begun is longer than any we want
}

// AddFile reads a key log file and follows it from then on: Poll reads what is
// added. The file is opened for reading only. An error says that it can't be
// read now; where it merely does not exist yet (fs.ErrNotExist) it is followed
// all the same.
func (k *KeyLog) AddFile(path string) error {
	f := &keyFile{path: path}
	err := f.poll(k)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		k.files = append(k.files, f)
	}
	return err
}

// Poll reads what was added to the files. It costs two system calls a file
// where nothing was: the caller sees to it that it is called a few times a
// second. A file that is absent is no error: it may come back.
func (k *KeyLog) Poll() error {
	for _, f := range k.files {
		if err := f.poll(k); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Close closes the files. What was read stays.
func (k *KeyLog) Close() error {
	var err error
	for _, f := range k.files {
		err = errors.Join(err, f.close())
	}
	k.files = nil
	return err
}

func (f *keyFile) close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

// poll reads to the file's present end.
func (f *keyFile) poll(k *KeyLog) error {
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		// Opening a pipe could block for ever, and a directory has no lines.
		return &fs.PathError{Op: "read key log", Path: f.path, Err: errors.New("not a regular file")}
	}
	if f.file != nil && (!os.SameFile(info, f.info) || info.Size() < f.read) {
		// Replaced, or truncated: begin anew. What is known stays known.
		if err := f.close(); err != nil {
			return err
		}
	}
	if f.file == nil {
		if f.file, err = os.Open(f.path); err != nil {
			f.file = nil
			return err
		}
		if f.info, err = f.file.Stat(); err != nil {
			return err
		}
		f.read, f.line, f.long = 0, f.line[:0], false
	}
	if info.Size() == f.read {
		return nil
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := f.file.ReadAt(buf, f.read)
		f.read += int64(n)
		f.lines(k, buf[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	// The last line may have no end. If it was cut, the rest comes later and
	// the whole line replaces what was read of it.
	if !f.long {
		k.add(f.line)
	}
	return nil
}

// lines takes the next bytes of the file.
func (f *keyFile) lines(k *KeyLog, b []byte) {
	for len(b) > 0 {
		part, rest, ended := bytes.Cut(b, []byte{'\n'})
		b = rest
		if f.long = f.long || len(f.line)+len(part) > maxLine; !f.long {
			f.line = append(f.line, part...)
		}
		if !ended {
			return
		}
		if !f.long {
			k.add(f.line)
		}
		f.line, f.long = f.line[:0], false
	}
}
