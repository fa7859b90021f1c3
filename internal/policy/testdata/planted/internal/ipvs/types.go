package ipvs // want name
