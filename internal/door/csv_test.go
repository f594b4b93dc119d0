package door_test

import (
	"testing"

	"github.com/tokenry/tokenry/internal/door"
)

func TestACellIsNoFormula(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠x": "'＠x",
		"\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "\x00=1": "'\x00=1",
		"": "", "laptop": "laptop", " =1": " =1", "a=b": "a=b", "'=1": "'=1", "ada@example.com": "ada@example.com", "\xff=1": "\xff=1",
	} {
		if got := door.Cell(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
