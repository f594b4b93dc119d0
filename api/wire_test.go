package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
)

// TestADurationIsAWholeNumberAndAUnit: read back it is the same length, and whatever else
// somebody sends is refused without being repeated.
func TestADurationIsAWholeNumberAndAUnit(t *testing.T) {
	t.Parallel()
	const hour = api.Duration(time.Hour)
	for text, want := range map[string]struct {
		d       api.Duration
		written string
	}{
		"0": {0, "0"}, "0s": {0, "0"}, "0d": {0, "0"}, "90d": {90 * api.Day, "90d"}, "1d": {api.Day, "24h"}, "24h": {api.Day, "24h"}, "48h": {2 * api.Day, "2d"},
		"2w": {14 * api.Day, "14d"}, "60m": {hour, "1h"}, "90m": {90 * hour / 60, "90m"}, "90s": {90 * hour / 3600, "90s"}, "007d": {7 * api.Day, "7d"},
		"36525d": {api.MaxDuration, "36525d"}, "3155760000s": {api.MaxDuration, "36525d"},
	} {
		got, err := api.ParseDuration(text)
		if err != nil || got != want.d || got.String() != want.written {
			t.Errorf("%s is %d, written %s, %v", text, got, got, err)
		}
		if again, err := api.ParseDuration(got.String()); err != nil || again != got {
			t.Errorf("%s, written %s, is read as %s, %v", text, got, again, err)
		}
	}
	for _, text := range []string{
		"", "d", "1", "-1d", "+1d", "1.5h", "1 d", " 1d", "1d ", "1D", "1y", "1d2h", "1e3s", "0x10s", "٣d", "_1d", "1_0d",
		"36526d", "3155760001s", "9223372036854775807s", "99999999999w", strings.Repeat("0", 12) + "1d", strings.Repeat("9", 1<<16) + "d",
	} {
		if got, err := api.ParseDuration(text); !errors.Is(err, api.ErrDuration) || got != 0 || len(err.Error()) > 100 {
			t.Errorf("%.20q is %s, %v", text, got, err)
		}
	}
	for text, ok := range map[string]bool{`"90d"`: true, `0`: true, `"0"`: true, ` "1h" `: true, `90`: false, `null`: false, `"`: false, `""`: false, `"90d`: false, `["1d"]`: false, `true`: false, `1.0`: false} {
		var d api.Duration
		if err := d.UnmarshalJSON([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// patch is a merge patch with a field of each kind.
type patch struct {
	Text api.Opt[string]        `json:"text,omitzero"`
	Rate api.Opt[api.RateLimit] `json:"rate,omitzero"`
}

// TestAFieldIsAbsentNullOrAValue, and what is read is written as it was: whatever is absent
// changes nothing, null takes away, and an empty value is one.
func TestAFieldIsAbsentNullOrAValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		set, has bool
		or       string
	}{
		`{}`: {false, false, "default"}, `{"text":null}`: {true, false, "default"}, `{"text":""}`: {true, true, ""}, `{"text":"a"}`: {true, true, "a"},
	} {
		var p patch
		if err := json.Unmarshal([]byte(text), &p); err != nil || p.Text.Set != want.set || p.Text.IsZero() == want.set || p.Text.Has() != want.has || p.Text.Or("default") != want.or {
			t.Errorf("%s is %+v, %v", text, p.Text, err)
		}
		if again, err := json.Marshal(p); err != nil || string(again) != text {
			t.Errorf("%s became %s, %v", text, again, err)
		}
	}
	for _, text := range []string{`{"text":1}`, `{"text":["a"]}`, `{"rate":{"requests":1,"windows":"1m"}}`, `{"rate":"fast"}`} {
		var p patch
		if err := json.Unmarshal([]byte(text), &p); err == nil {
			t.Errorf("%s is taken: %+v", text, p)
		}
	}
	p := patch{Text: api.Some("before")}
	if err := json.Unmarshal([]byte(`{"text":null}`), &p); err != nil || p.Text.Value != "" {
		t.Errorf("what was there before a null is left: %+v, %v", p.Text, err)
	}
}

// TestEveryCodeSaysWhatToDo: each once, with a status of an error, a title and advice; a code
// of a newer server is passed on, with a status that says nothing wrong.
func TestEveryCodeSaysWhatToDo(t *testing.T) {
	t.Parallel()
	seen := map[api.Code]bool{}
	for _, i := range api.Codes() {
		if seen[i.Code] {
			t.Errorf("%s stands twice", i.Code)
		}
		seen[i.Code] = true
		if i.Title == "" || strings.HasSuffix(i.Title, ".") || !strings.HasSuffix(i.Advice, ".") || (i.Status < 400 || i.Status > 599) && i.Code != api.CodeOK || i.Code.Info() != i {
			t.Errorf("%s: %+v", i.Code, i)
		}
		if p := api.Errorf(i.Code, "x").Problem("https://example.com/errors", "r"); p.Status != i.Status || p.Title != i.Title || p.Type != "https://example.com/errors/"+string(i.Code) {
			t.Errorf("%s is told as %+v", i.Code, p)
		}
	}
	if back := (api.Problem{Code: "of_a_newer_server", Status: http.StatusTeapot, Detail: "x"}).Err(); !errors.Is(back, api.Code("of_a_newer_server")) || back.Message != "x" {
		t.Errorf("a code of a newer server is %+v", back)
	}
}

// TestACauseIsForTheLogAlone, and waits are told in whole seconds, never too short.
func TestACauseIsForTheLogAlone(t *testing.T) {
	t.Parallel()
	cause := errors.New("password of the database")
	first := api.Errorf(api.CodeUnavailable, "not now")
	err := fmt.Errorf("read: %w", first.Wrap(cause))
	p := api.AsError(err).Problem("", "r")
	if text, _ := json.Marshal(p); strings.Contains(api.AsError(err).Error()+string(text), "password") || !errors.Is(err, cause) || first.Unwrap() != nil {
		t.Errorf("%s, %v", text, err)
	}
	if e := api.AsError(cause); e.Code != api.CodeInternal || strings.Contains(e.Error(), "password") || !errors.Is(e, cause) {
		t.Errorf("what is none of ours is %v", e)
	}
	for wait, want := range map[time.Duration]int{0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, time.Minute: 60} {
		e := api.Errorf(api.CodeBusy, "x")
		e.RetryAfter = wait
		if got := e.Problem("", "").RetryAfter; got != want {
			t.Errorf("after %s is told as %d s", wait, got)
		}
	}
	for code, want := range map[api.Code]bool{api.CodeUnavailable: true, api.CodeBusy: true, api.CodeOutcomeUnknown: true, api.CodeInternal: false, api.CodeNotFound: false} {
		if api.NotNow(fmt.Errorf("read: %w", api.Errorf(code, "x"))) != want {
			t.Errorf("%s: %v", code, !want)
		}
	}
}
