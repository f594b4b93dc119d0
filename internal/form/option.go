package form

import "slices"

// Option is one choice of a select: its value, and the words for it.
type Option [2]string

// Value is what is sent when the option is chosen.
func (o Option) Value() string { return o[0] }

// Name is what people read.
func (o Option) Name() string { return o[1] }

// Offers says whether a value is one of the options.
func Offers(all []Option, value string) bool {
	return slices.ContainsFunc(all, func(o Option) bool { return o.Value() == value })
}

// Same are options whose words are their values.
func Same(values []string) []Option {
	out := make([]Option, len(values))
	for i, s := range values {
		out[i] = Option{s, s}
	}
	return out
}

// Windows are the times that a rate limit counts in, with the one that is set.
func Windows(now string) []Option {
	out := []Option{{"1s", "Second"}, {"1m", "Minute"}, {"1h", "Hour"}, {"1d", "Day"}}
	if now != "" && !Offers(out, now) {
		out = append(out, Option{now, now})
	}
	return out
}
