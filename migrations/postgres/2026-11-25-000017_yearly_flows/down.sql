DROP TABLE yearly_flows;
