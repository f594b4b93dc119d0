// Package input says what is accepted of what callers hand in: texts, e-mails,
// addresses, limits, metadata. Each check answers an [api.Error] that names the
// field and says what would be accepted, and never repeats what was given, which
// may be a secret in the wrong field. The functions are pure.
package input
