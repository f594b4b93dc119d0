package authority

func OrDryRun(err error, dryRun bool) error {
	if err == nil && dryRun {
		return ErrDryRun
	}
	return err
}
