package text

// Slow has r make all rows the way that knows all of them.
func (r *Rows) Slow() *Rows {
	r.quick.on = false
	return r
}
