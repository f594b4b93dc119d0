package intake_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/intake"
)

func TestAFormatIsALineWithAColumnForEachHead(t *testing.T) {
	t.Parallel()
	f := api.ImportedFormat{ImportFormat: api.ImportFormat{Name: "gitea", MinLength: 40, MaxLength: 40, Alphabet: "hex", Hash: "pbkdf2-sha256"},
		CreatedAt: time.Date(2026, 11, 30, 23, 0, 0, 0, time.FixedZone("", -3600))}
	if got, want := intake.FormatLine(f), []string{"gitea", "–", "40 to 40 of hex", "pbkdf2-sha256", "2026-12-01"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if n := len(strings.Split(intake.FormatHead, ",")); n != len(intake.FormatLine(f)) {
		t.Errorf("%d heads", n)
	}
}
