package authority

// OrDryRun undoes what went well when it was only to be tried.
func OrDryRun(err error, dryRun bool) error {
	if err == nil && dryRun {
		return ErrDryRun
	}
	return err
}
