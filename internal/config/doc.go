// Package config is what an operator sets: one struct, filled from four layers
// of which the later wins: defaults, a YAML file, the environment (TOKENRY_…),
// flags.
//
// Laws of this package:
//
//   - A setting is a field of [Config]. Its key in the file, its variable and
//     its flag follow from one name; the reference page is generated from the
//     field's comment.
//   - Settings are words: this package opens nothing, imports nothing of ours,
//     and [Load] looks at nothing but the file that it is given.
//   - An unknown key in the file is refused. Unknown variables are not, because
//     whoever runs containers gets TOKENRY_PORT and the like for nothing.
//   - What may hold a password is a [URL], which prints without it. No error of
//     this package repeats a value.
package config

//go:generate go test -run TestReference -update .
