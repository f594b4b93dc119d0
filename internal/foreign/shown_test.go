package foreign_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
)

// TestTheBeginningThatIsShownHidesEnough: whoever writes a whole string into the column of
// its beginning does not have it kept.
func TestTheBeginningThatIsShownHidesEnough(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		prefix     string
		least      int
		told, want string
	}{
		{"", 40, "0011223344556677", "0011223344556677"}, {"", 16, "0011223344556677", "0011"}, {"old_", 16, "old_3fJ8sK2mQ9xT", "old_3fJ8"},
		{"old_", 32, "old_3fJ8", "old_3fJ8"}, {"old_", 32, "", "old_"}, {"", 16, "0", "0"}, {"a_longer_prefix_", 20, "a_longer_prefix_", "a_longer_prefix_"},
	} {
		s := foreign.Spec{Prefix: c.prefix, Least: c.least}
		if got := s.Start(c.told); got != c.want {
			t.Errorf("of %q behind %q, at least %d: %q, want %q", c.told, c.prefix, c.least, got, c.want)
		}
	}
}

// TestAFormatThatIsPrintedShowsNoSecret, however it is printed and whatever it stands in.
func TestAFormatThatIsPrintedShowsNoSecret(t *testing.T) {
	t.Parallel()
	f := made(t, api.ImportFormat{Name: "x", MinLength: 20, MaxLength: 40, Alphabet: "hex", Hash: "hmac-sha256", Key: "canary-key", Suffix: "canary-suffix"})
	in := struct {
		One *foreign.Format
		All []*foreign.Format
		Of  foreign.Format
	}{f, []*foreign.Format{f}, *f}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d", "%p"} {
		fmt.Fprintf(&b, verb+"\n"+verb+"\n"+verb+"\n", f, *f, in)
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "format", f, "in", in)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "format", f, "in", in)
	for _, hidden := range []string{"canary", fmt.Sprintf("%x", "canary"), string(naming), fmt.Sprintf("%x", naming), fmt.Sprint(naming)} {
		if strings.Contains(b.String(), hidden) {
			t.Errorf("%q is shown", hidden)
		}
	}
}
