#pragma once

// Objects that are created, listed and asked for, and do nothing: fine-tuning jobs and evals.

#include "sim/call.h"

namespace penstock::sim {

Result<Made> create_fine_tuning_job(const Call& call);
Result<Made> list_fine_tuning_jobs(const Call& call);
Result<Made> retrieve_fine_tuning_job(const Call& call);
Result<Made> cancel_fine_tuning_job(const Call& call);
Result<Made> list_fine_tuning_events(const Call& call);

Result<Made> create_eval(const Call& call);
Result<Made> list_evals(const Call& call);
Result<Made> retrieve_eval(const Call& call);
Result<Made> update_eval(const Call& call);
Result<Made> delete_eval(const Call& call);

}  // namespace penstock::sim
