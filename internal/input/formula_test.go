package input_test

import (
	"testing"

	"github.com/tokenry/tokenry/internal/input"
)

// TestAFormulaIsKnownByWhatASpreadsheetLooksAt: its first character, also one that is
// dropped before a formula is looked for, and never one further on.
func TestAFormulaIsKnownByWhatASpreadsheetLooksAt(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"=1", "+1", "-1", "@A1", "＝1", "＋1", "－1", "＠A1", "\t=1", "\r=1", "\n=1", "\x00=1"} {
		if !input.Formula(s) {
			t.Errorf("%q is none", s)
		}
	}
	for _, s := range []string{"", "ada@example.com", "a=b", " =1", "'=1", "\xff=1", "Ada-Marie"} {
		if input.Formula(s) {
			t.Errorf("%q is one", s)
		}
	}
}
