package capturetest

// encap takes the next token if it names a layer around the packet.
func (l *line) encap() (_ Encap, ok bool, err error) {
	k := l.peek()
	name := k.key
	if name == "" {
		name = k.text
	}
	if k.quoted {
		return nil, false, nil
	}
	limits := map[string]uint64{"vlan": 4095, "qinq": 4095, "mpls": 1<<20 - 1, "gre": 1<<32 - 1, "erspan": 1023,
		"vxlan": 1<<24 - 1, "geneve": 1<<24 - 1, "gtpu": 1<<32 - 1, "pppoe": 1<<16 - 1, "fragment": 1 << 16,
		"gretap": 0, "ipip": 0, "6in4": 0, "inipv6": 0, "ah": 0, "llc": 0}
	limit, ok := limits[name]
	if !ok {
		return nil, false, nil
	}
	l.at++
	ids := []int{1}
	if k.key != "" {
		if ids, err = numbers(k.text, limit); err != nil {
			return nil, false, err
		}
	}
	id := uint32(ids[0])
	switch name {
	case "vlan", "qinq":
		tags := make([]uint16, len(ids))
		for i, n := range ids {
			tags[i] = uint16(n)
		}
		return VLAN(tags...), true, nil
	case "mpls":
		labels := make([]uint32, len(ids))
		for i, n := range ids {
			labels[i] = uint32(n)
		}
		return MPLS(labels...), true, nil
	case "gre":
		if k.key == "" {
			id = 0
		}
		return GRE(id), true, nil
	case "gretap":
		return GRETAP(), true, nil
	case "erspan":
		return ERSPAN(uint16(id)), true, nil
	case "vxlan":
		return VXLAN(id), true, nil
	case "geneve":
		return Geneve(id), true, nil
	case "gtpu":
		return GTPU(id), true, nil
	case "pppoe":
		return PPPoE(uint16(id)), true, nil
	case "fragment":
		return Fragment(int(id)), true, nil
	case "ipip", "6in4":
		return IPIP(), true, nil
	case "inipv6":
		return InIPv6(), true, nil
	case "ah":
		return AH(), true, nil
	}
	return LLC(), true, nil
}
