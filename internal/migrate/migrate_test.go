package migrate_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/migrate"
)

func TestAMigrationSaysWhichBuildsItEnds(t *testing.T) {
	t.Parallel()
	got, err := migrate.Raises(fstest.MapFS{
		"00018_adds.sql": {Data: []byte("ALTER TABLE tokens ADD COLUMN hue TEXT;")},
		"00019_ends.sql": {Data: []byte("ALTER TABLE tokens DROP COLUMN hue;\nUPDATE builds SET lowest = 18 WHERE id = 1;")},
	}, "builds")
	if diff := cmp.Diff(map[int64]int64{19: 18}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}
