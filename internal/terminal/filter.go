package terminal

import (
	"reflect"
	"strings"

	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
)

// TokenFilter adds the flags that say which tokens are meant, the same for every
// command that takes more than one. What it returns reads them: a flag that was
// given is a condition, and one that was not is none.
func TokenFilter(fs *pflag.FlagSet) func() (api.TokenFilter, error) {
	var f api.TokenFilter
	texts := []struct {
		to         *api.Opt[string]
		name, help string
	}{
		{&f.Owner, "owner", "of this member, service account or slug@workspace; to list, a part of the name will do"},
		{&f.Kind, "kind", "of this kind: personal, service or workspace"},
		{&f.Status, "status", "with this status: active, pending, disabled, expired or revoked"},
		{&f.Query, "query", "with this in the label or description, or at the locator's beginning"},
		{&f.Role, "role", "that name this role"},
		{&f.Scope, "scope", "that name this scope"},
		{&f.Resource, "resource", "that name this resource"},
		{&f.CreatedBy, "created-by", "made by this address; to list, a part of the name will do"},
		{&f.CreatedWith, "created-with", "made with this token"},
		{&f.UsedFrom, "used-from", "used from this address or network"},
		{&f.Can, "can", "that may use this scope now, on --resource if given"},
	}
	for _, t := range texts {
		fs.StringVar(&t.to.Value, t.name, "", "only those "+t.help)
	}
	expiring, unused := new(Lifetime), new(Lifetime)
	fs.StringArray("metadata", nil, "only those with this KEY=VALUE; may be repeated")
	fs.Var(expiring, "expiring-within", "only those that expire within this time")
	fs.Var(unused, "unused-for", "only those that were not used for so long")
	fs.BoolVar(&f.OutsidePolicy.Value, "outside-policy", false, "only those that today's policy would not allow")
	fs.BoolVar(&f.Deleted, "deleted", false, "also those that were deleted")
	return func() (api.TokenFilter, error) {
		for _, t := range texts {
			t.to.Set = fs.Changed(t.name)
		}
		f.ExpiringWithin = api.Opt[api.Duration]{Value: expiring.Duration, Set: fs.Changed("expiring-within")}
		f.UnusedFor = api.Opt[api.Duration]{Value: unused.Duration, Set: fs.Changed("unused-for")}
		f.OutsidePolicy.Set = fs.Changed("outside-policy")
		var err error
		f.Metadata, err = metadataOf(fs)
		return f, err
	}
}

// metadataOf reads the conditions on metadata.
func metadataOf(fs *pflag.FlagSet) (api.Opt[map[string]string], error) {
	var none api.Opt[map[string]string]
	pairs, err := fs.GetStringArray("metadata")
	if err != nil || !fs.Changed("metadata") {
		return none, err
	}
	m := map[string]string{}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if _, twice := m[key]; twice || !ok || key == "" || value == "" {
			return none, Misused("--metadata: must be KEY=VALUE, neither of them empty and each KEY once")
		}
		m[key] = value
	}
	return api.Some(m), nil
}

// FilterWords sets the flags of a filter from words like owner=ci, which are
// named as the flags are, or as the API names them. Several may be joined by &.
func FilterWords(fs *pflag.FlagSet, words []string) error {
	known := pflag.NewFlagSet("filter", pflag.ContinueOnError)
	TokenFilter(known)
	for _, word := range words {
		for pair := range strings.SplitSeq(word, "&") {
			name, value, ok := strings.Cut(pair, "=")
			if key, found := strings.CutPrefix(name, "metadata."); found {
				name, value = "metadata", key+"="+value
			}
			if name = FlagName(name); name == "q" {
				name = "query"
			}
			if !ok || known.Lookup(name) == nil {
				return Misused("--filter takes WORD=VALUE, like owner=ci, with the words that token list has as flags; %q is none", pair)
			}
			if Blank(value) {
				return Misused("--filter %s was given and is empty; is a variable not set? Leave it out if it shall say nothing", name)
			}
			if err := fs.Set(name, value); err != nil {
				return Misused("--filter %s: %w", name, err)
			}
		}
	}
	return nil
}

// Narrows says whether a filter leaves anything out.
func Narrows(f api.TokenFilter) bool {
	f.Deleted = false
	return !reflect.ValueOf(f).IsZero()
}
