package door_test

import (
	"testing"

	"github.com/tokenry/tokenry/internal/door"
)

// TestAFieldIsOneLine, whatever its value is.
func TestAFieldIsOneLine(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "X: \r\n", "a b": "X: a b\r\n", "a\r\nY: b\nc\r": "X: a  Y: b c \r\n",
	} {
		if got := string(door.AppendField([]byte("A: b\r\n"), "X", value)); got != "A: b\r\n"+want {
			t.Errorf("%q: %q", value, got)
		}
	}
}
