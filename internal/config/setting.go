package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Setting is one field of [Config] as an operator meets it.
type Setting struct {
	// Field is the field's name; Key its name in the file.
	Field, Key string
	// Flag and Variable follow from Key. A secret has no flag.
	Flag, Variable string
	// Default is the default as it would be written; Help one line about it.
	Default, Help string
	// List says that several values may be given.
	List bool

	index int
}

// Settings lists every setting in the order of the struct.
func Settings() []Setting {
	t := reflect.TypeFor[Config]()
	out := make([]Setting, t.NumField())
	for i := range out {
		f := t.Field(i)
		key := f.Tag.Get("key")
		out[i] = Setting{
			Field: f.Name, Key: key, Flag: strings.ReplaceAll(key, "_", "-"), Variable: variable(key),
			Default: f.Tag.Get("default"), Help: f.Tag.Get("help"), List: f.Type.Kind() == reflect.Slice, index: i,
		}
		if f.Type == reflect.TypeFor[Secret]() {
			out[i].Flag = ""
		}
	}
	return out
}

func variable(key string) string { return "TOKENRY_" + strings.ToUpper(key) }

// fileKey names the configuration file itself, which no file can name.
const fileKey = "config"

// Flags adds the flags of the settings with these keys, of all when none is
// named, and --config.
func Flags(fs *pflag.FlagSet, keys ...string) {
	fs.String(fileKey, "", "read settings from this YAML file ($"+variable(fileKey)+")")
	for _, s := range Settings() {
		if s.Flag == "" || len(keys) > 0 && !slices.Contains(keys, s.Key) {
			continue
		}
		help := fmt.Sprintf("%s ($%s)", s.Help, s.Variable)
		if f := reflect.TypeFor[Config]().Field(s.index); f.Type.Kind() == reflect.Bool {
			fs.Bool(s.Flag, s.Default == "true", help)
		} else if s.List {
			fs.StringSlice(s.Flag, listOf(s.Default), help)
		} else {
			fs.String(s.Flag, s.Default, help)
		}
	}
}

func listOf(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// Error says that a setting is wrong. It does not repeat the value.
type Error struct {
	// Key is the setting's key in the file; empty when the file as a whole is wrong.
	Key string
	// Problem says what is wrong and what would be right.
	Problem string
}

// Error names the setting in each of its forms.
func (e *Error) Error() string {
	if e.Key == "" {
		return e.Problem
	}
	names := "$" + variable(e.Key)
	for _, s := range Settings() {
		if s.Key == e.Key && s.Flag != "" {
			names = "--" + s.Flag + ", " + names
		}
	}
	return fmt.Sprintf("setting %s (%s): %s", e.Key, names, e.Problem)
}

func wrong(key, format string, args ...any) error {
	return &Error{Key: key, Problem: fmt.Sprintf(format, args...)}
}
