package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Load fills a Config from its layers: defaults, the file that --config or
// TOKENRY_CONFIG names, the environment, and those flags that were given. Flags
// and env may be nil. An empty variable counts as one that is not there, but for the
// database's. Errors are of type *[Error].
func Load(flags *pflag.FlagSet, env func(string) (string, bool)) (Config, error) {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	if flags == nil {
		flags = pflag.NewFlagSet("", pflag.ContinueOnError)
	}
	k := koanf.New(".")
	layers := []func() error{
		func() error { return k.Load(confmap.Provider(defaults(), ""), nil) },
		func() error { return loadFile(k, filePath(flags, env)) },
		func() error { return chosen(env) },
		func() error { return k.Load(confmap.Provider(environment(env), ""), nil) },
		func() error { return k.Load(posflag.ProviderWithFlag(flags, ".", k, given(flags)), nil) },
	}
	for _, load := range layers {
		if err := load(); err != nil {
			return Config{}, err
		}
	}
	var c Config
	if err := c.fill(k); err != nil {
		return Config{}, err
	}
	if err := c.check(); err != nil {
		return c, err
	}
	if flags.Lookup("keys") == nil && flags.HasFlags() {
		return c, nil
	}
	return c, c.checkKeys()
}

func defaults() map[string]any {
	m := map[string]any{}
	for _, s := range Settings() {
		if s.Default != "" {
			m[s.Key] = s.Default
		}
	}
	return m
}

// chosen refuses an empty TOKENRY_DATABASE: the server would begin with an empty
// database of its own in place of the one that was meant.
func chosen(env func(string) (string, bool)) error {
	if v, ok := env(variable("database")); ok && strings.TrimSpace(v) == "" {
		return wrong("database", "the variable is there and empty; give it a value, or unset it")
	}
	return nil
}

func environment(env func(string) (string, bool)) map[string]any {
	m := map[string]any{}
	for _, s := range Settings() {
		if v, ok := env(s.Variable); ok && v != "" {
			m[s.Key] = v
		}
	}
	return m
}

// given picks the flags that were given and belong to a setting.
func given(flags *pflag.FlagSet) func(*pflag.Flag) (string, any) {
	keys := map[string]string{}
	for _, s := range Settings() {
		if s.Flag != "" {
			keys[s.Flag] = s.Key
		}
	}
	return func(f *pflag.Flag) (string, any) {
		if key, ok := keys[f.Name]; ok && f.Changed {
			return key, posflag.FlagVal(flags, f)
		}
		return "", nil
	}
}

func filePath(flags *pflag.FlagSet, env func(string) (string, bool)) string {
	if f := flags.Lookup(fileKey); f != nil && f.Changed {
		return f.Value.String()
	}
	path, _ := env(variable(fileKey))
	return path
}

func loadFile(k *koanf.Koanf, path string) error {
	if path == "" {
		return nil
	}
	layer := koanf.New(".")
	if err := layer.Load(file.Provider(path), texts{}); err != nil {
		return wrong(fileKey, "%s", fileProblem(path, err))
	}
	known := Settings()
	for key, value := range layer.Raw() {
		if !slices.ContainsFunc(known, func(s Setting) bool { return s.Key == key }) {
			return wrong(fileKey, "the file %s has the unknown key %q; the known ones are %s", path, key, keyList(known))
		}
		if value == nil || key == "database" && value == "" {
			return wrong(key, "stands in the file %s without a value; give it one, or leave the key out", path)
		}
	}
	return k.Merge(layer)
}

// fileProblem tells of an unreadable file. Of the parser's own words it keeps the
// line alone, because they can repeat what stands there.
func fileProblem(path string, err error) string {
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "there is no file " + path
	case errors.As(err, &pathErr):
		return "the file " + path + " cannot be read: " + pathErr.Err.Error()
	}
	at := "; see its " + line.FindString(err.Error())
	if at == "; see its " {
		at = ""
	}
	return "the file " + path + " is not valid YAML with one key: value in each line" + at
}

var line = regexp.MustCompile(`line \d+`)

func keyList(settings []Setting) string {
	keys := make([]string, len(settings))
	for i, s := range settings {
		keys[i] = s.Key
	}
	return strings.Join(keys, ", ")
}

// fill reads the merged layers into the fields.
func (c *Config) fill(k *koanf.Koanf) error {
	v := reflect.ValueOf(c).Elem()
	for _, s := range Settings() {
		raw := k.Get(s.Key)
		if raw == nil {
			continue
		}
		texts, ok := scalars(raw, s.List)
		if !ok {
			return wrong(s.Key, "must be a single value, without a map or list in it")
		}
		if problem := assign(v.Field(s.index).Addr().Interface(), texts); problem != "" {
			return wrong(s.Key, "%s", problem)
		}
	}
	return nil
}

// scalars reads what a layer holds as texts: one, or for a list any number,
// which may also be written in one text with commas between.
func scalars(raw any, list bool) ([]string, bool) {
	var out []string
	switch raw := raw.(type) {
	case []string:
		out = raw
	case []any:
		for _, v := range raw {
			texts, ok := scalars(v, false)
			if !ok {
				return nil, false
			}
			out = append(out, texts...)
		}
	case map[string]any, nil:
		return nil, false
	default:
		out = []string{fmt.Sprint(raw)}
		if list {
			out = strings.Split(out[0], ",")
		}
	}
	return out, list || len(out) == 1
}
