package stamp_test

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/stamp"
)

// What a build was made from is told as far as it is known, and no further.
func TestABuildSaysWhatItKnows(t *testing.T) {
	t.Parallel()
	const commit = "88ff8d9aaaabbbbccccddddeeeeffff000011112"
	for name, c := range map[string]struct {
		version, settings string
		is                stamp.Build
		source            string
	}{
		"a tag":               {"v1.2.3", "vcs.revision=" + commit + " vcs.time=2026-11-29T21:00:00Z vcs.modified=false", stamp.Build{Version: "v1.2.3", Revision: commit, Time: "2026-11-29T21:00:00Z"}, commit},
		"a changed checkout":  {"v1.2.3+dirty", "vcs.revision=" + commit + " vcs.modified=true", stamp.Build{Version: "v1.2.3+dirty", Revision: commit, Changed: true}, commit + ", changed since"},
		"go install":          {"v1.2.3", "", stamp.Build{Version: "v1.2.3"}, "the module at v1.2.3"},
		"no version, changed": {"(devel)", "vcs.revision=" + commit + " vcs.modified=true", stamp.Build{Version: "devel-88ff8d9aaaab+dirty", Revision: commit, Changed: true}, commit + ", changed since"},
		"an odd revision":     {"", "vcs.revision=7", stamp.Build{Version: "devel-7", Revision: "7"}, "7"},
		"nothing":             {"", "", stamp.Build{Version: "(devel)"}, "not known: it was built without version control"},
	} {
		info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: c.version}, Settings: []debug.BuildSetting{{Key: "GOOS", Value: "plan9"}, {Key: "GOARCH", Value: "arm64"}}}
		for s := range strings.FieldsSeq(c.settings) {
			key, value, _ := strings.Cut(s, "=")
			info.Settings = append(info.Settings, debug.BuildSetting{Key: key, Value: value})
		}
		c.is.Go, c.is.Platform = "go1.26.8", "plan9/arm64"
		got := stamp.Of(info)
		if diff := cmp.Diff(c.is, got); diff != "" || got.Source() != c.source {
			t.Errorf("%s: %s %s", name, got.Source(), diff)
		}
	}
	if b := stamp.Read(); !strings.HasPrefix(b.Go, "go1.") || len(b.Platform) < 5 {
		t.Errorf("this test is %+v", b)
	}
}

// TestAProgramWithoutInformationSaysNothing: it does not make a version up.
func TestAProgramWithoutInformationSaysNothing(t *testing.T) {
	t.Parallel()
	if b := stamp.Of(&debug.BuildInfo{}); b.Version != stamp.Unknown || b.Revision != "" || b.Changed || b.Go != "" {
		t.Errorf("%+v", b)
	}
}
