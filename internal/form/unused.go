package form

import (
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/policy"
)

// UnusedAfter reads after how long a policy would disable what nobody uses, and says what is
// wrong with it; 0 where nothing was typed, or what is wrong.
func UnusedAfter(text string) (api.Duration, string) {
	if text == "" {
		return 0, ""
	}
	d, err := api.ParseDuration(text)
	if err != nil {
		return 0, "must be like 90d"
	}
	if err := policy.Check(api.PatchPolicy{DisableUnusedAfter: api.Some(d)}); err != nil {
		return 0, "must be from 30d to 3650d"
	}
	return d, ""
}

// ConfirmUnused reads a yes to what a page showed; what says nothing names nothing that waits.
func ConfirmUnused(f Form) (in api.ConfirmUnused) {
	in.Count, _ = strconv.Atoi(f.Get("count"))
	in.UpTo, _ = time.Parse(time.RFC3339Nano, f.Get("up_to")) // the zero time is no moment at which anything waited
	return in
}
