ALTER TABLE monthly_flows ADD FOREIGN KEY (department_id) REFERENCES departments (id);
ALTER TABLE daily_flows ADD FOREIGN KEY (department_id) REFERENCES departments (id);
