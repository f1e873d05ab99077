-- the tables an import reads, as mlflow made them
CREATE TABLE "datasets" (
	dataset_uuid VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(500) NOT NULL, 
	digest VARCHAR(36) NOT NULL, 
	dataset_source_type VARCHAR(36) NOT NULL, 
	dataset_source TEXT NOT NULL, 
	dataset_schema TEXT, 
	dataset_profile TEXT, 
	CONSTRAINT dataset_pk PRIMARY KEY (experiment_id, name, digest), 
	CONSTRAINT fk_datasets_experiment_id_experiments FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
INSERT INTO "datasets" VALUES('919d1f7f108c472f8e8ac2372ea97d75',1,'rows','ba7cd68f','code','{"tags": {"mlflow.user": "root", "mlflow.source.name": "make_mlflow.py", "mlflow.source.type": "LOCAL"}}','{"mlflow_colspec": [{"type": "double", "name": "a", "required": true}]}','{"num_rows": 1, "num_elements": 1}');
CREATE TABLE "experiments" (
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	artifact_location VARCHAR(256), 
	lifecycle_stage VARCHAR(32), 
	creation_time BIGINT, 
	last_update_time BIGINT, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT experiment_pk PRIMARY KEY (experiment_id), 
	CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT uq_experiments_workspace_name UNIQUE (workspace, name)
);
INSERT INTO "experiments" VALUES(0,'Default','/tmp/golden/m/mlruns/0','active',1795443314793,1795443314793,'default');
INSERT INTO "experiments" VALUES(1,'churn','/tmp/golden/m/artifacts','active',1795443314794,1795443314794,'default');
CREATE TABLE input_tags (
	input_uuid VARCHAR(36) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	value VARCHAR(500) NOT NULL, 
	CONSTRAINT input_tags_pk PRIMARY KEY (input_uuid, name)
);
INSERT INTO "input_tags" VALUES('02b1bdf47c694ca8891a1a2fe5d44250','mlflow.data.context','training');
CREATE TABLE inputs (
	input_uuid VARCHAR(36) NOT NULL, 
	source_type VARCHAR(36) NOT NULL, 
	source_id VARCHAR(36) NOT NULL, 
	destination_type VARCHAR(36) NOT NULL, 
	destination_id VARCHAR(36) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT inputs_pk PRIMARY KEY (source_type, source_id, destination_type, destination_id)
);
INSERT INTO "inputs" VALUES('02b1bdf47c694ca8891a1a2fe5d44250','DATASET','919d1f7f108c472f8e8ac2372ea97d75','RUN','d80f470175df4d3aa72ae1d971e12f84',0);
INSERT INTO "inputs" VALUES('b23d9f855072492ba1523238b00d98a9','RUN_OUTPUT','d80f470175df4d3aa72ae1d971e12f84','MODEL_OUTPUT','m-eaf1e6e0ec0b41f4915988a578570d73',0);
CREATE TABLE logged_models (
	model_id VARCHAR(36) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(500) NOT NULL, 
	artifact_location VARCHAR(1000) NOT NULL, 
	creation_timestamp_ms BIGINT NOT NULL, 
	last_updated_timestamp_ms BIGINT NOT NULL, 
	status INTEGER NOT NULL, 
	lifecycle_stage VARCHAR(32), 
	model_type VARCHAR(500), 
	source_run_id VARCHAR(32), 
	status_message VARCHAR(1000), 
	CONSTRAINT logged_models_pk PRIMARY KEY (model_id), 
	CONSTRAINT logged_models_lifecycle_stage_check CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT fk_logged_models_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
INSERT INTO "logged_models" VALUES('m-eaf1e6e0ec0b41f4915988a578570d73',1,'model','/tmp/golden/m/artifacts/models/m-eaf1e6e0ec0b41f4915988a578570d73/artifacts',1795443314983,1795443315349,2,'active',NULL,'d80f470175df4d3aa72ae1d971e12f84',NULL);
CREATE TABLE "metrics" (
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT NOT NULL, 
	timestamp BIGINT NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	step BIGINT DEFAULT '0' NOT NULL, 
	is_nan BOOLEAN DEFAULT '0' NOT NULL, 
	CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
	CHECK (is_nan IN (0, 1))
);
INSERT INTO "metrics" VALUES('loss',1.0,1700000000000,'d80f470175df4d3aa72ae1d971e12f84',0,0);
INSERT INTO "metrics" VALUES('loss',0.5,1700000000001,'d80f470175df4d3aa72ae1d971e12f84',1,0);
INSERT INTO "metrics" VALUES('loss',3.33333333333333314829e-01,1700000000002,'d80f470175df4d3aa72ae1d971e12f84',2,0);
INSERT INTO "metrics" VALUES('loss',0.25,1700000000003,'d80f470175df4d3aa72ae1d971e12f84',3,0);
INSERT INTO "metrics" VALUES('loss',0.2,1700000000004,'d80f470175df4d3aa72ae1d971e12f84',4,0);
INSERT INTO "metrics" VALUES('bad',0.0,1795443314935,'d80f470175df4d3aa72ae1d971e12f84',0,1);
INSERT INTO "metrics" VALUES('inf',1.79769313486231562234e+308,1795443314937,'d80f470175df4d3aa72ae1d971e12f84',0,0);
INSERT INTO "metrics" VALUES('val/acc',0.5,1795443314939,'d80f470175df4d3aa72ae1d971e12f84',0,0);
INSERT INTO "metrics" VALUES('loss',0.5,1795443314954,'97ee96ca8bfd41f2a46dc08bde8a5b21',0,0);
CREATE TABLE "model_version_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value TEXT, 
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT model_version_tag_pk PRIMARY KEY (workspace, "key", name, version), 
	CONSTRAINT fk_model_version_tags_model_versions FOREIGN KEY(workspace, name, version) REFERENCES model_versions (workspace, name, version) ON UPDATE CASCADE
);
INSERT INTO "model_version_tags" VALUES('ok','yes','delay',1,'default');
CREATE TABLE "model_versions" (
	name VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	user_id VARCHAR(256), 
	current_stage VARCHAR(20), 
	source VARCHAR(500), 
	run_id VARCHAR(32), 
	status VARCHAR(20), 
	status_message VARCHAR(500), 
	run_link VARCHAR(500), 
	storage_location VARCHAR(500), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT model_version_pk PRIMARY KEY (workspace, name, version), 
	CONSTRAINT fk_model_versions_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON UPDATE CASCADE
);
INSERT INTO "model_versions" VALUES('delay',1,1795443315373,1795443315399,NULL,NULL,'Production','models:/m-eaf1e6e0ec0b41f4915988a578570d73','d80f470175df4d3aa72ae1d971e12f84','READY',NULL,NULL,'/tmp/golden/m/artifacts/models/m-eaf1e6e0ec0b41f4915988a578570d73/artifacts','default');
CREATE TABLE "params" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000) NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO "params" VALUES('lr','0.1','d80f470175df4d3aa72ae1d971e12f84');
INSERT INTO "params" VALUES('opt','adam','d80f470175df4d3aa72ae1d971e12f84');
CREATE TABLE "registered_model_aliases" (
	alias VARCHAR(256) NOT NULL, 
	version INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_alias_pk PRIMARY KEY (workspace, name, alias), 
	CONSTRAINT fk_registered_model_aliases_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "registered_model_aliases" VALUES('champion',1,'delay','default');
CREATE TABLE "registered_model_tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(5000), 
	name VARCHAR(256) NOT NULL, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_tag_pk PRIMARY KEY (workspace, "key", name), 
	CONSTRAINT fk_registered_model_tags_registered_models FOREIGN KEY(workspace, name) REFERENCES registered_models (workspace, name) ON UPDATE CASCADE
);
CREATE TABLE "registered_models" (
	name VARCHAR(256) NOT NULL, 
	creation_time BIGINT, 
	last_updated_time BIGINT, 
	description VARCHAR(5000), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT registered_model_pk PRIMARY KEY (workspace, name)
);
INSERT INTO "registered_models" VALUES('delay',1795443315366,1795443315411,'predicts delays','default');
CREATE TABLE "runs" (
	run_uuid VARCHAR(32) NOT NULL, 
	name VARCHAR(250), 
	source_type VARCHAR(20), 
	source_name VARCHAR(500), 
	entry_point_name VARCHAR(50), 
	user_id VARCHAR(256), 
	status VARCHAR(9), 
	start_time BIGINT, 
	end_time BIGINT, 
	source_version VARCHAR(50), 
	lifecycle_stage VARCHAR(20), 
	artifact_uri VARCHAR(200), 
	experiment_id INTEGER, deleted_time BIGINT, 
	CONSTRAINT run_pk PRIMARY KEY (run_uuid), 
	CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))
);
INSERT INTO "runs" VALUES('d80f470175df4d3aa72ae1d971e12f84','one','UNKNOWN','','','root','FINISHED',1795443314902,1795443315384,'','active','/tmp/golden/m/artifacts/d80f470175df4d3aa72ae1d971e12f84/artifacts',1,NULL);
INSERT INTO "runs" VALUES('97ee96ca8bfd41f2a46dc08bde8a5b21','child','UNKNOWN','','','root','FINISHED',1795443314950,1795443314957,'','active','/tmp/golden/m/artifacts/97ee96ca8bfd41f2a46dc08bde8a5b21/artifacts',1,NULL);
INSERT INTO "runs" VALUES('d83ba30b93604ee0a4de16712a4dd5fa','broken','UNKNOWN','','','root','FAILED',1795443315414,1795443315418,'','active','/tmp/golden/m/artifacts/d83ba30b93604ee0a4de16712a4dd5fa/artifacts',1,NULL);
INSERT INTO "runs" VALUES('bee3603505d84579b4122357ea6ae3be','gone','UNKNOWN','','','unknown','RUNNING',1795443315421,NULL,'','deleted','/tmp/golden/m/artifacts/bee3603505d84579b4122357ea6ae3be/artifacts',1,1795443315426);
CREATE TABLE "tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO "tags" VALUES('mlflow.user','root','d80f470175df4d3aa72ae1d971e12f84');
INSERT INTO "tags" VALUES('mlflow.source.name','make_mlflow.py','d80f470175df4d3aa72ae1d971e12f84');
INSERT INTO "tags" VALUES('mlflow.source.type','LOCAL','d80f470175df4d3aa72ae1d971e12f84');
INSERT INTO "tags" VALUES('team','core','d80f470175df4d3aa72ae1d971e12f84');
INSERT INTO "tags" VALUES('mlflow.note.content','first **try**','d80f470175df4d3aa72ae1d971e12f84');
INSERT INTO "tags" VALUES('mlflow.runName','one','d80f470175df4d3aa72ae1d971e12f84');
INSERT INTO "tags" VALUES('mlflow.user','root','97ee96ca8bfd41f2a46dc08bde8a5b21');
INSERT INTO "tags" VALUES('mlflow.source.name','make_mlflow.py','97ee96ca8bfd41f2a46dc08bde8a5b21');
INSERT INTO "tags" VALUES('mlflow.source.type','LOCAL','97ee96ca8bfd41f2a46dc08bde8a5b21');
INSERT INTO "tags" VALUES('mlflow.parentRunId','d80f470175df4d3aa72ae1d971e12f84','97ee96ca8bfd41f2a46dc08bde8a5b21');
INSERT INTO "tags" VALUES('mlflow.runName','child','97ee96ca8bfd41f2a46dc08bde8a5b21');
INSERT INTO "tags" VALUES('mlflow.user','root','d83ba30b93604ee0a4de16712a4dd5fa');
INSERT INTO "tags" VALUES('mlflow.source.name','make_mlflow.py','d83ba30b93604ee0a4de16712a4dd5fa');
INSERT INTO "tags" VALUES('mlflow.source.type','LOCAL','d83ba30b93604ee0a4de16712a4dd5fa');
INSERT INTO "tags" VALUES('mlflow.runName','broken','d83ba30b93604ee0a4de16712a4dd5fa');
INSERT INTO "tags" VALUES('mlflow.runName','gone','bee3603505d84579b4122357ea6ae3be');
CREATE TABLE "trace_info" (
	request_id VARCHAR(50) NOT NULL, 
	experiment_id INTEGER NOT NULL, 
	timestamp_ms BIGINT NOT NULL, 
	execution_time_ms BIGINT, 
	status VARCHAR(50) NOT NULL, 
	client_request_id VARCHAR(50), 
	request_preview VARCHAR(1000), 
	response_preview VARCHAR(1000), 
	db_payload_generation INTEGER DEFAULT '0' NOT NULL, trace_name VARCHAR(4096), session_id VARCHAR(250), input_tokens BIGINT, output_tokens BIGINT, total_tokens BIGINT, cache_read_input_tokens BIGINT, cache_creation_input_tokens BIGINT, cache_creation_input_tokens_above_1hr BIGINT, input_cost FLOAT, output_cost FLOAT, total_cost FLOAT, 
	CONSTRAINT trace_info_pk PRIMARY KEY (request_id), 
	CONSTRAINT fk_trace_info_experiment_id FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id) ON DELETE CASCADE
);
