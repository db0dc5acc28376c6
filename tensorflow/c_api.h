// What the binding of @tensorflow/tfjs-node uses of TensorFlow's C interface, which is the same in all of TensorFlow 2.
// Source: https://www.tensorflow.org/install/lang_c
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum TF_Code { TF_OK = 0 };

enum TF_DataType {
  TF_FLOAT = 1,
  TF_DOUBLE = 2,
  TF_INT32 = 3,
  TF_UINT8 = 4,
  TF_STRING = 7,
  TF_COMPLEX64 = 8,
  TF_INT64 = 9,
  TF_BOOL = 10,
  TF_RESOURCE = 20
};

enum TF_AttrType {
  TF_ATTR_STRING = 0,
  TF_ATTR_INT = 1,
  TF_ATTR_FLOAT = 2,
  TF_ATTR_BOOL = 3,
  TF_ATTR_TYPE = 4,
  TF_ATTR_SHAPE = 5
};

struct TF_Buffer;
struct TF_DeviceList;
struct TF_Graph;
struct TF_Operation;
struct TF_Session;
struct TF_SessionOptions;
struct TF_Status;
struct TF_Tensor;
struct TFE_Context;
struct TFE_ContextOptions;
struct TFE_Op;
struct TFE_TensorHandle;

struct TF_Output {
  TF_Operation* oper;
  int index;
};

extern "C" {
const char* TF_Version(void);

TF_Status* TF_NewStatus(void);
void TF_DeleteStatus(TF_Status*);
TF_Code TF_GetCode(const TF_Status*);
const char* TF_Message(const TF_Status*);

size_t TF_DataTypeSize(TF_DataType type);
TF_Tensor* TF_NewTensor(TF_DataType, const int64_t* shape, int rank, void* data, size_t bytes,
                        void (*release)(void* data, size_t bytes, void* argument), void* argument);
TF_Tensor* TF_AllocateTensor(TF_DataType, const int64_t* shape, int rank, size_t bytes);
void TF_DeleteTensor(TF_Tensor*);
TF_DataType TF_TensorType(const TF_Tensor*);
int TF_NumDims(const TF_Tensor*);
int64_t TF_Dim(const TF_Tensor*, int axis);
int64_t TF_TensorElementCount(const TF_Tensor*);
size_t TF_TensorByteSize(const TF_Tensor*);
void* TF_TensorData(const TF_Tensor*);

TF_Buffer* TF_NewBuffer(void);
TF_Buffer* TF_NewBufferFromString(const void* data, size_t bytes);
void TF_DeleteBuffer(TF_Buffer*);

TF_Graph* TF_NewGraph(void);
void TF_DeleteGraph(TF_Graph*);
TF_Operation* TF_GraphOperationByName(TF_Graph*, const char* name);

TF_SessionOptions* TF_NewSessionOptions(void);
void TF_DeleteSessionOptions(TF_SessionOptions*);
TF_Session* TF_LoadSessionFromSavedModel(const TF_SessionOptions*, const TF_Buffer* options, const char* folder,
                                         const char* const* tags, int tagCount, TF_Graph*, TF_Buffer* metaGraph,
                                         TF_Status*);
void TF_DeleteSession(TF_Session*, TF_Status*);
void TF_SessionRun(TF_Session*, const TF_Buffer* options, const TF_Output* inputs, TF_Tensor* const* inputValues,
                   int inputCount, const TF_Output* outputs, TF_Tensor** outputValues, int outputCount,
                   const TF_Operation* const* targets, int targetCount, TF_Buffer* metadata, TF_Status*);

int TF_DeviceListCount(const TF_DeviceList*);
const char* TF_DeviceListName(const TF_DeviceList*, int index, TF_Status*);
const char* TF_DeviceListType(const TF_DeviceList*, int index, TF_Status*);
void TF_DeleteDeviceList(TF_DeviceList*);

TFE_ContextOptions* TFE_NewContextOptions(void);
void TFE_DeleteContextOptions(TFE_ContextOptions*);
TFE_Context* TFE_NewContext(const TFE_ContextOptions*, TF_Status*);
void TFE_DeleteContext(TFE_Context*);
TF_DeviceList* TFE_ContextListDevices(TFE_Context*, TF_Status*);

TFE_TensorHandle* TFE_NewTensorHandle(const TF_Tensor*, TF_Status*);
void TFE_DeleteTensorHandle(TFE_TensorHandle*);
TF_DataType TFE_TensorHandleDataType(TFE_TensorHandle*);
int TFE_TensorHandleNumDims(TFE_TensorHandle*, TF_Status*);
int64_t TFE_TensorHandleDim(TFE_TensorHandle*, int axis, TF_Status*);
TF_Tensor* TFE_TensorHandleResolve(TFE_TensorHandle*, TF_Status*);
TFE_TensorHandle* TFE_TensorHandleCopyToDevice(TFE_TensorHandle*, TFE_Context*, const char* device, TF_Status*);

TFE_Op* TFE_NewOp(TFE_Context*, const char* name, TF_Status*);
void TFE_DeleteOp(TFE_Op*);
void TFE_OpAddInput(TFE_Op*, TFE_TensorHandle*, TF_Status*);
void TFE_Execute(TFE_Op*, TFE_TensorHandle** results, int* resultCount, TF_Status*);
void TFE_OpSetAttrString(TFE_Op*, const char* name, const void* value, size_t bytes);
void TFE_OpSetAttrInt(TFE_Op*, const char* name, int64_t value);
void TFE_OpSetAttrFloat(TFE_Op*, const char* name, float value);
void TFE_OpSetAttrBool(TFE_Op*, const char* name, unsigned char value);
void TFE_OpSetAttrType(TFE_Op*, const char* name, TF_DataType value);
void TFE_OpSetAttrShape(TFE_Op*, const char* name, const int64_t* shape, const int rank, TF_Status*);
void TFE_OpSetAttrIntList(TFE_Op*, const char* name, const int64_t* values, int count);
void TFE_OpSetAttrFloatList(TFE_Op*, const char* name, const float* values, int count);
void TFE_OpSetAttrBoolList(TFE_Op*, const char* name, const unsigned char* values, int count);
}

// An element of a tensor of strings: 24 bytes, whose first byte's two low bits say where the characters are, and whose
// length is kept shifted by these two bits. Little endian.
struct TF_TString {
  enum Place { INSIDE = 0, ELSEWHERE = 1, AFTER = 2, VIEW = 3 };
  union {
    struct { uint8_t length; char characters[23]; } inside;
    struct { size_t length; size_t capacity; char* characters; } elsewhere;
    struct { uint32_t length; uint32_t distance; uint32_t count; } after;
  };
};
static_assert(sizeof(TF_TString) == 24, "TensorFlow's strings have 24 bytes");

static inline int TF_TString_Place(const TF_TString* string) { return string->inside.length & 3; }

static inline void TF_TString_Init(TF_TString* string) { memset(string, 0, sizeof *string); }

static inline void TF_TString_Dealloc(TF_TString* string) {
  if (TF_TString_Place(string) == TF_TString::ELSEWHERE) free(string->elsewhere.characters);
  TF_TString_Init(string);
}

static inline size_t TF_TString_GetSize(const TF_TString* string) {
  switch (TF_TString_Place(string)) {
    case TF_TString::INSIDE: return string->inside.length >> 2;
    case TF_TString::AFTER: return string->after.length >> 2;
    default: return string->elsewhere.length >> 2;
  }
}

static inline const char* TF_TString_GetDataPointer(const TF_TString* string) {
  switch (TF_TString_Place(string)) {
    case TF_TString::INSIDE: return string->inside.characters;
    case TF_TString::AFTER: return reinterpret_cast<const char*>(string) + string->after.distance;
    case TF_TString::VIEW: return reinterpret_cast<const char*>(string->elsewhere.capacity);
    default: return string->elsewhere.characters;
  }
}

static inline void TF_TString_Copy(TF_TString* string, const char* characters, size_t length) {
  TF_TString_Dealloc(string);
  if (length < sizeof string->inside.characters) {
    string->inside.length = static_cast<uint8_t>(length << 2 | TF_TString::INSIDE);
    memcpy(string->inside.characters, characters, length);
  } else {
    string->elsewhere.length = length << 2 | TF_TString::ELSEWHERE;
    string->elsewhere.capacity = length;
    string->elsewhere.characters = static_cast<char*>(malloc(length + 1));
    memcpy(string->elsewhere.characters, characters, length);
    string->elsewhere.characters[length] = 0;
  }
}
