package scan_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tokenry/tokenry/internal/scan"
)

// Who ends a scan is not kept waiting, and what was told until then was in order.
func TestAScanThatIsEndedEnds(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		files[name] = personal
	}
	dir := lay(t, files)
	for name, run := range map[string]func(context.Context, *scan.Scanner, func(scan.Find)) error{
		"a folder": func(ctx context.Context, s *scan.Scanner, f func(scan.Find)) error {
			_, err := s.Path(ctx, dir, f)
			return err
		},
		"a stream": func(ctx context.Context, s *scan.Scanner, f func(scan.Find)) error {
			_, err := s.Reader(ctx, io.LimitReader(endless{}, 1<<40), "-", f)
			return err
		},
		"a log": func(ctx context.Context, s *scan.Scanner, f func(scan.Find)) error {
			_, err := s.GitLog(ctx, io.LimitReader(endless{}, 1<<40), f)
			return err
		},
	} {
		ctx, end := context.WithCancel(t.Context())
		var got see
		end()
		if err := run(ctx, &scan.Scanner{Workers: 1, Buffer: 256}, got.add); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if len(got.finds) > len(files) {
			t.Errorf("%s: it told %d finds", name, len(got.finds))
		}
	}
}

// endless is a text without an end, in which no token stands.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "tkyp_0 \n"[i%8]
	}
	return len(p), nil
}

// A file that cannot be read is told by its name, without the token in it, and the
// others are scanned all the same.
func TestTroubleIsToldWithoutTheTokenInItsName(t *testing.T) {
	t.Parallel()
	var told []string
	s := scan.Scanner{Trouble: func(name string, err error) { told = append(told, name+": "+err.Error()) }}
	var got see
	if _, err := s.Reader(t.Context(), iotest.ErrReader(fs.ErrPermission), personal, got.add); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a reader that fails: %v", err)
	}
	if _, err := s.Path(t.Context(), filepath.Join(t.TempDir(), "none"), got.add); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a path that is not there: %v", err)
	}
	for _, line := range told {
		if strings.Contains(line, personal[20:40]) {
			t.Errorf("it tells %s", line)
		}
	}
	if len(got.finds) > 0 {
		t.Errorf("it found %+v", got.finds)
	}
}
