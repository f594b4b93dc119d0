package door_test

import (
	"slices"
	"testing"

	"github.com/tokenry/tokenry/internal/door"
)

func TestEntityTagsAreReadAsRFC9110WritesThem(t *testing.T) {
	for _, c := range []struct {
		lines []string
		tags  []string
		all   bool
		ok    bool
	}{
		{[]string{`"1"`}, []string{`"1"`}, false, true},
		{[]string{`"1", W/"2"`, `"a,b"`}, []string{`"1"`, `W/"2"`, `"a,b"`}, false, true},
		{[]string{" * "}, nil, true, true},
		{[]string{`*, "1"`}, nil, false, false},
		{[]string{`"1" "2"`}, nil, false, false},
		{[]string{`"1`}, nil, false, false},
		{[]string{`"a b"`}, nil, false, false},
		{[]string{""}, nil, false, false},
	} {
		tags, all, ok := door.EntityTags(c.lines)
		if !slices.Equal(tags, c.tags) || all != c.all || ok != c.ok {
			t.Errorf("%q: %q, every %v, read %v", c.lines, tags, all, ok)
		}
	}
}

func TestAWeakOrPaddedTagNamesNoRevision(t *testing.T) {
	if got := door.Revisions([]string{`"7"`, `W/"8"`, `"09"`, `"x"`, `"-1"`}); !slices.Equal(got, []int64{7, -1}) {
		t.Errorf("%d", got)
	}
}
