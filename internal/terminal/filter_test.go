package terminal_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/terminal"
)

// misused says that an error is of whoever typed.
func misused(err error) bool {
	_, is := errors.AsType[*terminal.MisuseError](err)
	return is
}

// filtered reads flags, and the words of --filter, as a filter.
func filtered(flags, filter []string) (api.TokenFilter, error) {
	fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
	read := terminal.TokenFilter(fs)
	if err := fs.Parse(flags); err != nil {
		return api.TokenFilter{}, err
	}
	if err := terminal.FilterWords(fs, filter); err != nil {
		return api.TokenFilter{}, err
	}
	return read()
}

// TestEveryConditionOfTheAPICanBeSaid, by a flag and by a word of --filter alike, and each
// of them narrows. What nobody said is no condition.
func TestEveryConditionOfTheAPICanBeSaid(t *testing.T) {
	t.Parallel()
	said := map[string]string{"expiring_within": "7d", "unused_for": "90d", "outside_policy": "false", "metadata": "team=x", "deleted": "true"}
	fields := reflect.TypeFor[api.TokenFilter]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		value, word := said[name], name
		if value == "" {
			value = "x"
		}
		flag := terminal.FlagName(name)
		if name == "q" {
			flag = "query"
		}
		f, err := filtered([]string{"--" + flag + "=" + value}, nil)
		if name == "metadata" {
			word, value = "metadata.team", "x"
		}
		w, failed := filtered(nil, []string{word + "=" + value})
		if err != nil || failed != nil {
			t.Errorf("%s cannot be said: %v, as a word %v", name, err, failed)
			continue
		}
		if d := cmp.Diff(f, w); d != "" {
			t.Errorf("%s as a flag, and as a word:\n%s", name, d)
		}
		for other := range fields.NumField() {
			if set := !reflect.ValueOf(f).Field(other).IsZero(); set != (other == i) {
				t.Errorf("who says %s says %s: %v", name, fields.Field(other).Name, set)
			}
		}
		if terminal.Narrows(f) != (name != "deleted") {
			t.Errorf("%s narrows: %v", name, terminal.Narrows(f))
		}
	}
	if f, err := filtered(nil, nil); err != nil || terminal.Narrows(f) || !reflect.ValueOf(f).IsZero() {
		t.Errorf("nobody said anything, and the filter is %+v, %v", f, err)
	}
}

// TestAWordThatIsNoConditionIsRefused: what cannot be understood of a filter must not be
// left out of it, since what it would have left out is touched.
func TestAWordThatIsNoConditionIsRefused(t *testing.T) {
	t.Parallel()
	for word, ok := range map[string]bool{
		"owner=ci": true, "owner=ci&status=active": true, "created_by=a@b.c": true, "created-by=a@b.c": true, "q=x": true, "query=x": true, "metadata.team=x&metadata.tier=y": true,
		"metadata.a=b=c": true, "owner=a=b": true, "unused-for=90d": true, "deleted=true": true,
		"owner": false, "owner=": false, "owner= ": false, "=ci": false, "": false, "&": false, "owner=ci&": false, "ownr=ci": false, "Owner=ci": false, "if-revision=1": false, "limit=1": false,
		"metadata.=x": false, "metadata.team=": false, "metadata=team": false, "metadata.team=x&metadata.team=y": false, "unused-for=soon": false, "outside-policy=perhaps": false, "owner=ci;status=active&x": false,
	} {
		_, err := filtered(nil, []string{word})
		if (err == nil) != ok || err != nil && !misused(err) {
			t.Errorf("--filter %q: %v", word, err)
		}
	}
	for _, pairs := range [][]string{{"team"}, {"=x"}, {"team="}, {"team=x", "team=x"}, {"team=x", "team=y"}} {
		var flags []string
		for _, p := range pairs {
			flags = append(flags, "--metadata="+p)
		}
		if f, err := filtered(flags, nil); err == nil || !misused(err) {
			t.Errorf("--metadata %v is %+v", pairs, f.Metadata)
		}
	}
	f, err := filtered([]string{"--metadata=a=b=c", "--metadata=tier=1"}, nil)
	if d := cmp.Diff(map[string]string{"a": "b=c", "tier": "1"}, f.Metadata.Value); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
}
