// The interface to JavaScript (Node-API). It reads plans from JavaScript objects, checks every type, and passes work to
// one compute thread. OpenMP keeps a pool of threads for each calling thread, so all programs share one caller.
#include <dlfcn.h>
#include <node_api.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "program.hpp"

namespace rectio {
namespace {

// ---- Reading values -------------------------------------------------------------------------------------------------

// Far above any real plan. Anything larger would only fill the memory.
constexpr uint32_t kMostItems = 1 << 20;
constexpr size_t kMostAttributes = 256, kMostText = 1 << 16;
// V8 ends the process if asked for larger blocks.
constexpr size_t kMostResultBytes = size_t{1} << 32;

void requireOk(napi_status status, const char* what) {
  if (status != napi_ok) throw PlanError(std::string("expected ") + what);
}

napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type;
  requireOk(napi_typeof(env, value, &type), "a value");
  return type;
}

std::string toText(napi_env env, napi_value value) {
  size_t length = 0;
  requireOk(napi_get_value_string_utf8(env, value, nullptr, 0, &length), "a text");
  if (length > kMostText) throw PlanError("a text is too long");
  std::string text(length, '\0');
  requireOk(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length), "a text");
  // An error message would end at the zero.
  if (text.find('\0') != std::string::npos) throw PlanError("a text holds a zero character");
  return text;
}

double toNumber(napi_env env, napi_value value) {
  double number;
  requireOk(napi_get_value_double(env, value, &number), "a number");
  return number;
}

int64_t toWhole(napi_env env, napi_value value, double least, double most) {
  const double number = toNumber(env, value);
  if (!(number >= least && number <= most) || number != std::floor(number))
    throw PlanError("expected a whole number in range");
  return static_cast<int64_t>(number);
}

std::vector<napi_value> toList(napi_env env, napi_value value) {
  uint32_t length = 0;
  requireOk(napi_get_array_length(env, value, &length), "a list");
  if (length > kMostItems) throw PlanError("a list is too long");
  std::vector<napi_value> items(length);
  for (uint32_t i = 0; i < length; ++i) requireOk(napi_get_element(env, value, i, &items[i]), "an item");
  return items;
}

napi_value get(napi_env env, napi_value object, const char* name) {
  napi_value value;
  requireOk(napi_get_named_property(env, object, name, &value), name);
  return value;
}

std::vector<std::pair<std::string, napi_value>> entries(napi_env env, napi_value object) {
  napi_value names;
  requireOk(napi_get_all_property_names(env, object, napi_key_own_only,
                                        static_cast<napi_key_filter>(napi_key_enumerable | napi_key_skip_symbols),
                                        napi_key_numbers_to_strings, &names),
            "an object");
  std::vector<std::pair<std::string, napi_value>> found;
  for (napi_value name : toList(env, names)) {
    napi_value value;
    requireOk(napi_get_property(env, object, name, &value), "a property");
    found.emplace_back(toText(env, name), value);
  }
  return found;
}

std::vector<float> toFloats(napi_env env, napi_value value) {
  bool isTyped = false;
  requireOk(napi_is_typedarray(env, value, &isTyped), "a Float32Array");
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (isTyped)
    requireOk(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr), "a Float32Array");
  if (!isTyped || type != napi_float32_array) throw PlanError("expected a Float32Array");
  const float* first = static_cast<const float*>(data);
  return std::vector<float>(first, first + length);
}

std::vector<double> toNumbers(napi_env env, napi_value value) {
  std::vector<double> numbers;
  for (napi_value item : toList(env, value)) numbers.push_back(toNumber(env, item));
  return numbers;
}

constexpr double kMostIds = 1 << 24;

std::map<std::string, int> toIds(napi_env env, napi_value object) {
  std::map<std::string, int> ids;
  for (const auto& [name, value] : entries(env, object))
    if (typeOf(env, value) != napi_undefined) ids[name] = static_cast<int>(toWhole(env, value, 0, kMostIds));
  return ids;
}

void readAttribute(napi_env env, CallSpec& call, const std::string& name, napi_value value, int depth) {
  if (call.numbers.size() + call.texts.size() >= kMostAttributes) call.fail("has too many attributes");
  bool isList = false;
  requireOk(napi_is_array(env, value, &isList), "an attribute");
  switch (typeOf(env, value)) {
    case napi_undefined:
      return;
    case napi_number:
      call.numbers[name] = {toNumber(env, value)};
      return;
    case napi_boolean: {
      bool flag;
      requireOk(napi_get_value_bool(env, value, &flag), "a flag");
      call.numbers[name] = {flag ? 1.0 : 0.0};
      return;
    }
    case napi_string:
      call.texts[name] = toText(env, value);
      return;
    case napi_object:
      if (depth > 3) break;
      if (isList) {
        call.numbers[name] = toNumbers(env, value);
      } else {
        for (const auto& [inner, part] : entries(env, value))
          readAttribute(env, call, name + "." + inner, part, depth + 1);
      }
      return;
    default:
      break;
  }
  call.fail("the attribute " + name + " is of no known type");
}

PlanSpec toPlan(napi_env env, napi_value value) {
  PlanSpec plan;
  plan.batch = toWhole(env, get(env, value, "batch"), 1, 1 << 24);
  for (napi_value item : toList(env, get(env, value, "tensors"))) {
    TensorSpec tensor;
    tensor.name = toText(env, get(env, item, "name"));
    tensor.role = toText(env, get(env, item, "role"));
    tensor.type = toText(env, get(env, item, "type"));
    for (napi_value dim : toList(env, get(env, item, "dims")))
      tensor.dims.push_back(toWhole(env, dim, 1, static_cast<double>(kMostElements)));
    const napi_value of = get(env, item, "of");
    if (typeOf(env, of) != napi_undefined) tensor.of = static_cast<int>(toWhole(env, of, 0, kMostIds));
    plan.tensors.push_back(std::move(tensor));
  }
  for (napi_value item : toList(env, get(env, value, "calls"))) {
    CallSpec call;
    call.kind = toText(env, get(env, item, "kind"));
    call.node = toText(env, get(env, item, "node"));
    call.in = toIds(env, get(env, item, "in"));
    call.out = toIds(env, get(env, item, "out"));
    call.update = toIds(env, get(env, item, "update"));
    for (const auto& [name, part] : entries(env, item))
      if (name != "kind" && name != "node" && name != "in" && name != "out" && name != "update")
        readAttribute(env, call, name, part, 0);
    plan.calls.push_back(std::move(call));
  }
  // Values are passed in the order of the plan's own properties.
  for (const auto& [name, id] : entries(env, get(env, value, "inputs")))
    plan.inputs.emplace_back(name, static_cast<int>(toWhole(env, id, 0, kMostIds)));
  for (const auto& [name, id] : entries(env, get(env, value, "outputs")))
    plan.outputs.emplace_back(name, static_cast<int>(toWhole(env, id, 0, kMostIds)));
  return plan;
}

// ---- Making values --------------------------------------------------------------------------------------------------

napi_value fromText(napi_env env, const std::string& text) {
  napi_value value;
  requireOk(napi_create_string_utf8(env, text.c_str(), text.size(), &value), "memory for a text");
  return value;
}

napi_value fromNumber(napi_env env, double number) {
  napi_value value;
  requireOk(napi_create_double(env, number, &value), "memory for a number");
  return value;
}

napi_value fromFloats(napi_env env, const std::vector<float>& floats) {
  napi_value buffer, view;
  void* data = nullptr;
  if (floats.size() * sizeof(float) > kMostResultBytes) throw PlanError("a result is too large for JavaScript");
  requireOk(napi_create_arraybuffer(env, floats.size() * sizeof(float), &data, &buffer), "memory for a result");
  if (!floats.empty()) std::memcpy(data, floats.data(), floats.size() * sizeof(float));
  requireOk(napi_create_typedarray(env, napi_float32_array, floats.size(), buffer, 0, &view), "memory for a result");
  return view;
}

void setProperty(napi_env env, napi_value object, const char* name, napi_value value) {
  requireOk(napi_set_named_property(env, object, name, value), "an object that takes properties");
}

void setItem(napi_env env, napi_value list, uint32_t index, napi_value value) {
  requireOk(napi_set_element(env, list, index, value), "a list that takes items");
}

napi_value fromObject(napi_env env, const std::vector<std::pair<std::string, napi_value>>& properties) {
  napi_value object;
  requireOk(napi_create_object(env, &object), "memory for an object");
  for (const auto& [name, value] : properties) setProperty(env, object, name.c_str(), value);
  return object;
}

napi_value nothing(napi_env env) {
  napi_value value;
  requireOk(napi_get_undefined(env, &value), "undefined");
  return value;
}

// ---- The compute thread ---------------------------------------------------------------------------------------------

// A JavaScript thread that has loaded the addon. When it ends, nobody needs the work that it asked for.
struct Client {
  std::atomic<bool> stopped{false};
};
using SharedClient = std::shared_ptr<Client>;

// One piece of work: `work` runs on the compute thread, `result` on the JavaScript thread.
struct Job {
  SharedClient client;
  std::function<void()> work;
  std::function<napi_value(napi_env)> result;
  napi_deferred deferred = nullptr;
  napi_threadsafe_function settle = nullptr;
  std::optional<std::string> error;
};

// Ends the process if a promise cannot be settled: JavaScript would wait for it forever. A thread of JavaScript that is
// ending refuses to run anything more, and nobody waits there.
void requireSettled(napi_status status) {
  if (status == napi_ok || status == napi_closing || status == napi_pending_exception || status == napi_cannot_run_js) {
    return;
  }
  const char* message = "a promise could not be settled";
  napi_fatal_error("rectio", NAPI_AUTO_LENGTH, message, NAPI_AUTO_LENGTH);
}

// Gives up one hold on a way back to JavaScript. An environment that is closing has taken them all already.
void release(napi_threadsafe_function settle) {
  const napi_status status = napi_release_threadsafe_function(settle, napi_tsfn_release);
  if (status == napi_ok || status == napi_closing) return;
  const char* message = "a thread-safe function could not be released";
  napi_fatal_error("rectio", NAPI_AUTO_LENGTH, message, NAPI_AUTO_LENGTH);
}

class ComputeThread {
 public:
  // Takes ownership of the job.
  void submit(std::unique_ptr<Job>& job) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!started_) start();
      started_ = true;
      queue_.push_back(job.get());
      job.release();
    }
    wake_.notify_one();
  }

  // Called before a JavaScript thread ends. Drops its waiting jobs and waits until its running kernel has finished.
  void drain(Client* client) {
    client->stopped = true;
    std::unique_lock<std::mutex> lock(mutex_);
    std::deque<Job*> others;
    for (Job* job : queue_)
      if (job->client.get() == client)
        delete job;
      else
        others.push_back(job);
    queue_.swap(others);
    idle_.wait(lock, [&] { return current_ != client; });
  }

 private:
  void start() {
    // When a JavaScript thread ends, it may unload the addon; one more reference keeps it loaded.
    Dl_info here;
    if (dladdr(reinterpret_cast<const void*>(&toNumber), &here) != 0) dlopen(here.dli_fname, RTLD_LAZY | RTLD_NODELETE);
    std::thread([this] { serve(); }).detach();
  }

  void serve() {
    // The environment may limit OpenMP's threads, but oneDNN's threads wait for one another and need all of them.
    omp_set_dynamic(0);
    omp_set_max_active_levels(1);
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return !queue_.empty(); });
      Job* job = queue_.front();
      queue_.pop_front();
      const SharedClient client = job->client;
      current_ = client.get();
      lock.unlock();
      try {
        job->work();
      } catch (const std::bad_alloc&) {
        job->error = "not enough memory";
      } catch (const std::exception& error) {
        job->error = error.what();
      }
      const napi_threadsafe_function settle = job->settle;
      if (napi_call_threadsafe_function(settle, job, napi_tsfn_blocking) == napi_ok)
        release(settle);
      else
        delete job;  // The JavaScript thread has ended.
      lock.lock();
      current_ = nullptr;
      idle_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<Job*> queue_;
  bool started_ = false;
  const Client* current_ = nullptr;  // whose job runs
};

// Never destroyed: its thread may outlive every destructor.
ComputeThread& computeThread() {
  static auto* thread = new ComputeThread;
  return *thread;
}

SharedClient clientOf(napi_env env) {
  void* data = nullptr;
  requireOk(napi_get_instance_data(env, &data), "an addon that has been loaded");
  return *static_cast<SharedClient*>(data);
}

void settleJob(napi_env env, napi_value, void*, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  if (env == nullptr) return;
  napi_value value = nullptr;
  if (!job->error) {
    try {
      value = job->result(env);
    } catch (const std::exception& error) {
      job->error = error.what();
    }
  }
  if (!job->error) {
    requireSettled(napi_resolve_deferred(env, job->deferred, value));
    return;
  }
  napi_value text = nullptr, error = nullptr;
  requireSettled(napi_create_string_utf8(env, job->error->c_str(), job->error->size(), &text));
  requireSettled(napi_create_error(env, nullptr, text, &error));
  requireSettled(napi_reject_deferred(env, job->deferred, error));
}

napi_value submit(napi_env env, std::function<void()> work, std::function<napi_value(napi_env)> result) {
  auto job = std::make_unique<Job>();
  job->client = clientOf(env);
  job->work = std::move(work);
  job->result = std::move(result);
  napi_value promise;
  requireOk(napi_create_threadsafe_function(env, nullptr, nullptr, fromText(env, "rectio"), 0, 1, nullptr, nullptr,
                                            nullptr, settleJob, &job->settle),
            "a way back to JavaScript");
  requireOk(napi_create_promise(env, &job->deferred, &promise), "a promise");
  try {
    computeThread().submit(job);
  } catch (...) {
    release(job->settle);
    throw;
  }
  return promise;
}

// ---- The functions --------------------------------------------------------------------------------------------------

// JavaScript's handle of a program. Only the compute thread uses `program`.
struct Handle {
  SharedClient client;
  std::unique_ptr<Program> program;
  int threads = 1;

  Program& live() {
    if (!program) throw PlanError("the program has been disposed of");
    omp_set_num_threads(threads);
    return *program;
  }
};
using SharedHandle = std::shared_ptr<Handle>;

constexpr napi_type_tag kHandleTag = {0x52656374696f5072, 0x6f6772616d000001};

napi_value fromHandle(napi_env env, const SharedHandle& handle) {
  napi_value value;
  auto held = std::make_unique<SharedHandle>(handle);
  const napi_finalize discard = [](napi_env, void* data, void*) { delete static_cast<SharedHandle*>(data); };
  requireOk(napi_create_external(env, held.get(), discard, nullptr, &value), "a handle");
  held.release();  // JavaScript's garbage collector discards it.
  requireOk(napi_type_tag_object(env, value, &kHandleTag), "a handle");
  return value;
}

SharedHandle toHandle(napi_env env, napi_value value) {
  bool ours = false;
  if (typeOf(env, value) != napi_external || napi_check_object_type_tag(env, value, &kHandleTag, &ours) != napi_ok ||
      !ours)
    throw PlanError("expected a program");
  void* held = nullptr;
  requireOk(napi_get_value_external(env, value, &held), "a program");
  return *static_cast<SharedHandle*>(held);
}

using Arguments = std::vector<napi_value>;

// OpenMP ends the process if it cannot create a thread, so create and join as many threads first.
void requireThreads(int threads) {
  static int proven = 1;  // Only the compute thread calls this.
  if (threads <= proven) return;
  if (threads > omp_get_thread_limit())
    throw PlanError("OMP_THREAD_LIMIT allows only " + std::to_string(omp_get_thread_limit()) + " threads");
  std::mutex gate;
  std::vector<std::thread> all;
  bool enough = true;
  {
    std::lock_guard<std::mutex> closed(gate);
    try {
      for (int i = 0; i < threads; ++i) all.emplace_back([&] { std::lock_guard<std::mutex> pass(gate); });
    } catch (const std::exception&) {
      enough = false;
    }
  }
  for (std::thread& each : all) each.join();
  if (!enough) throw PlanError("the system allows no more than " + std::to_string(all.size()) + " threads");
  proven = threads;
}

std::map<std::string, std::string> toTexts(napi_env env, napi_value object) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : entries(env, object)) texts[name] = toText(env, value);
  return texts;
}

napi_value fromTexts(napi_env env, const std::map<std::string, std::string>& texts) {
  std::vector<std::pair<std::string, napi_value>> properties;
  for (const auto& [name, text] : texts) properties.emplace_back(name, fromText(env, text));
  return fromObject(env, properties);
}

// prepare(plan, threads, tuning by call, measured before) → {handle, sizes, tuning by call, measured}
napi_value prepare(napi_env env, const Arguments& arguments) {
  auto plan = std::make_shared<PlanSpec>(toPlan(env, arguments[0]));
  auto handle = std::make_shared<Handle>();
  handle->client = clientOf(env);
  handle->threads = static_cast<int>(toWhole(env, arguments[1], 1, 4096));
  const Tuning tuning{toTexts(env, arguments[2]), {}, toTexts(env, arguments[3])};
  return submit(
      env,
      [=] {
        requireThreads(handle->threads);
        omp_set_num_threads(handle->threads);
        handle->program = std::make_unique<Program>(std::move(*plan), handle->threads, tuning, handle->client->stopped);
      },
      [=](napi_env env) {
        const std::vector<double> sizes = handle->program->sizes();
        napi_value list;
        requireOk(napi_create_array_with_length(env, sizes.size(), &list), "a list");
        for (uint32_t i = 0; i < sizes.size(); ++i) setItem(env, list, i, fromNumber(env, sizes[i]));
        const Tuning& done = handle->program->tuning();
        return fromObject(env, {{"handle", fromHandle(env, handle)},
                                {"sizes", list},
                                {"tuning", fromTexts(env, done.chosen)},
                                {"measured", fromTexts(env, done.measured)}});
      });
}

// place(handle, offsets, totalBytes)
napi_value place(napi_env env, const Arguments& arguments) {
  const SharedHandle handle = toHandle(env, arguments[0]);
  const std::vector<double> offsets = toNumbers(env, arguments[1]);
  const double total = toNumber(env, arguments[2]);
  return submit(
      env, [=] { handle->live().place(offsets, total); }, nothing);
}

// run(handle, inputs in the plan's order, [learningRate, step, averageDecay]) → outputs in the plan's order
napi_value run(napi_env env, const Arguments& arguments) {
  const SharedHandle handle = toHandle(env, arguments[0]);
  auto inputs = std::make_shared<std::vector<std::vector<float>>>();
  for (napi_value item : toList(env, arguments[1])) inputs->push_back(toFloats(env, item));
  const std::vector<double> numbers = toNumbers(env, arguments[2]);
  if (numbers.size() != 3 || !(numbers[1] >= 0 && numbers[1] <= 4294967295.0))
    throw PlanError("expected three scalars");
  const Scalars scalars{static_cast<float>(numbers[0]), static_cast<float>(numbers[2]),
                        static_cast<uint32_t>(numbers[1])};
  auto outputs = std::make_shared<std::vector<std::vector<float>>>();
  return submit(
      env, [=] { handle->live().run(*inputs, *outputs, scalars); },
      [=](napi_env env) {
        napi_value list;
        requireOk(napi_create_array_with_length(env, outputs->size(), &list), "a list");
        for (uint32_t i = 0; i < outputs->size(); ++i) setItem(env, list, i, fromFloats(env, (*outputs)[i]));
        return list;
      });
}

// read(handle, tensor) → values in logical order
napi_value read(napi_env env, const Arguments& arguments) {
  const SharedHandle handle = toHandle(env, arguments[0]);
  const int tensor = static_cast<int>(toWhole(env, arguments[1], 0, kMostIds));
  auto values = std::make_shared<std::vector<float>>();
  return submit(
      env, [=] { *values = handle->live().read(tensor); }, [=](napi_env env) { return fromFloats(env, *values); });
}

// write(handle, tensor, values)
napi_value write(napi_env env, const Arguments& arguments) {
  const SharedHandle handle = toHandle(env, arguments[0]);
  const int tensor = static_cast<int>(toWhole(env, arguments[1], 0, kMostIds));
  auto values = std::make_shared<std::vector<float>>(toFloats(env, arguments[2]));
  return submit(
      env, [=] { handle->live().write(tensor, *values); }, nothing);
}

// profile(handle) → milliseconds of each call since the last profile
napi_value profile(napi_env env, const Arguments& arguments) {
  const SharedHandle handle = toHandle(env, arguments[0]);
  auto values = std::make_shared<std::vector<float>>();
  return submit(
      env, [=] { *values = handle->live().profile(); }, [=](napi_env env) { return fromFloats(env, *values); });
}

// dispose(handle)
napi_value dispose(napi_env env, const Arguments& arguments) {
  const SharedHandle handle = toHandle(env, arguments[0]);
  return submit(
      env, [=] { handle->program.reset(); }, nothing);
}

// describe() → {onednn, block}
napi_value describe(napi_env env, const Arguments&) {
  return fromObject(env, {{"onednn", fromText(env, dnn::version())}, {"block", fromNumber(env, kBlock)}});
}

// Throws in JavaScript, unless an exception is already pending.
void throwError(napi_env env, const char* message) {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) return;
  if (napi_throw_error(env, nullptr, message) != napi_ok)
    napi_fatal_error("rectio", NAPI_AUTO_LENGTH, message, NAPI_AUTO_LENGTH);
}

template <napi_value (*kFunction)(napi_env, const Arguments&), size_t kCount>
napi_value guarded(napi_env env, napi_callback_info info) {
  size_t count = kCount;
  Arguments arguments(std::max<size_t>(kCount, 1));
  if (napi_get_cb_info(env, info, &count, arguments.data(), nullptr, nullptr) != napi_ok) {
    throwError(env, "the arguments cannot be read");
    return nullptr;
  }
  try {
    if (count < kCount) throw PlanError("expected " + std::to_string(kCount) + " arguments");
    return kFunction(env, arguments);
  } catch (const std::bad_alloc&) {
    throwError(env, "not enough memory");
  } catch (const std::exception& error) {
    throwError(env, error.what());
  }
  return nullptr;
}

napi_value drainClient(napi_env env, napi_callback_info info) {
  void* client = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &client) == napi_ok)
    computeThread().drain(static_cast<Client*>(client));
  return nullptr;
}

// Ends a client's work before JavaScript ends. `process.exit` runs no cleanup hooks, but destroys what oneDNN's
// primitives live on while they run; a thread that is terminated emits no `exit`.
void drainAtExit(napi_env env, Client* client) {
  requireOk(napi_add_env_cleanup_hook(
                env, [](void* data) { computeThread().drain(static_cast<Client*>(data)); }, client),
            "an environment that tells of its end");
  napi_value global, process, once, drain;
  requireOk(napi_get_global(env, &global), "a global object");
  process = get(env, global, "process");
  once = get(env, process, "once");
  requireOk(napi_create_function(env, "drain", NAPI_AUTO_LENGTH, drainClient, client, &drain), "a function");
  const napi_value arguments[] = {fromText(env, "exit"), drain};
  requireOk(napi_call_function(env, process, once, 2, arguments, nullptr), "a process that tells of its end");
}

napi_value initialize(napi_env env, napi_value exports) {
  const std::pair<const char*, napi_callback> functions[] = {
      {"prepare", guarded<prepare, 4>}, {"place", guarded<place, 3>},       {"run", guarded<run, 3>},
      {"read", guarded<read, 2>},       {"write", guarded<write, 3>},       {"profile", guarded<profile, 1>},
      {"dispose", guarded<dispose, 1>}, {"describe", guarded<describe, 0>},
  };
  try {
    for (const auto& [name, callback] : functions) {
      napi_value function;
      requireOk(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function), "a function");
      setProperty(env, exports, name, function);
    }
    auto client = std::make_unique<SharedClient>(std::make_shared<Client>());
    const auto deleteClient = [](napi_env, void* data, void*) { delete static_cast<SharedClient*>(data); };
    requireOk(napi_set_instance_data(env, client.get(), deleteClient, nullptr), "an environment that keeps data");
    drainAtExit(env, client.release()->get());
  } catch (const PlanError& error) {
    throwError(env, error.what());
  }
  return exports;
}

}  // namespace
}  // namespace rectio

NAPI_MODULE_INIT() { return rectio::initialize(env, exports); }
