// A JVMTI agent that writes down what a program reaches by name: types and members by reflection and by JNI, and
// resources. GraalVM's tracing agent does the same; it comes with GraalVM only, and this one needs any JDK.
// Started by -agentpath:libaccess_recorder.so=FILE, to which lines of words are added:
//   jni LIBRARY CLASS [MEMBER SIGNATURE]
//   reflection CALLER CLASS [MEMBER]
//   resource CALLER CLASS NAME        (CLASS is - where a class loader was asked)
// Calls made by the JDK's own classes are left out, as native-image knows of those.
#include <dlfcn.h>
#include <jvmti.h>

#include <cstdio>
#include <cstring>
#include <mutex>
#include <set>
#include <string>

namespace {

jvmtiEnv *tools = nullptr;
const jniNativeInterface *original = nullptr;
jniNativeInterface recording;
FILE *output = nullptr;
std::mutex lock;
std::set<std::string> written;

void write(const std::string &line) {
    std::lock_guard<std::mutex> guard(lock);
    if (written.insert(line).second) {
        std::fprintf(output, "%s\n", line.c_str());
        std::fflush(output);
    }
}

// As in Java's sources, but with $ before nested classes; an array's name is its descriptor.
std::string class_name(jclass type) {
    char *signature = nullptr;
    if (type == nullptr || tools->GetClassSignature(type, &signature, nullptr) != JVMTI_ERROR_NONE) {
        return "?";
    }
    std::string name = signature;
    tools->Deallocate(reinterpret_cast<unsigned char *>(signature));
    if (name[0] == 'L') {
        name = name.substr(1, name.size() - 2);
    }
    for (char &c : name) {
        c = c == '/' ? '.' : c;
    }
    return name;
}

// The file of the code that calls a JNI function, if it is a library whose code is not the JDK's.
std::string library(const void *address) {
    Dl_info info;
    if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) {
        return "";
    }
    std::string file = info.dli_fname;
    file = file.substr(file.rfind('/') + 1);
    return file.compare(0, 6, "libjni") == 0 && file != "libjnijvm.so" ? file : "";
}

void record_member(const void *from, jclass type, const char *name, const char *signature) {
    std::string file = library(from);
    if (!file.empty()) {
        write("jni " + file + " " + class_name(type) + " " + name + " " + signature);
    }
}

jclass JNICALL find_class(JNIEnv *env, const char *name) {
    std::string file = library(__builtin_return_address(0));
    if (!file.empty()) {
        std::string dotted = name;
        for (char &c : dotted) {
            c = c == '/' ? '.' : c;
        }
        write("jni " + file + " " + dotted);
    }
    return original->FindClass(env, name);
}

jmethodID JNICALL get_method(JNIEnv *env, jclass type, const char *name, const char *signature) {
    record_member(__builtin_return_address(0), type, name, signature);
    return original->GetMethodID(env, type, name, signature);
}

jmethodID JNICALL get_static_method(JNIEnv *env, jclass type, const char *name, const char *signature) {
    record_member(__builtin_return_address(0), type, name, signature);
    return original->GetStaticMethodID(env, type, name, signature);
}

jfieldID JNICALL get_field(JNIEnv *env, jclass type, const char *name, const char *signature) {
    record_member(__builtin_return_address(0), type, name, signature);
    return original->GetFieldID(env, type, name, signature);
}

jfieldID JNICALL get_static_field(JNIEnv *env, jclass type, const char *name, const char *signature) {
    record_member(__builtin_return_address(0), type, name, signature);
    return original->GetStaticFieldID(env, type, name, signature);
}

// A method of the JDK that finds something by name: in which of its arguments the class is, in which the name.
struct Lookup {
    const char *type;
    const char *method;
    const char *signature;
    bool resource;
    int class_slot; // -1: none
    int name_slot;  // -1: none; with class_slot -1 the class's name
    jmethodID id;
};

Lookup lookups[] = {
    {"java/lang/Class", "forName", "(Ljava/lang/String;)Ljava/lang/Class;", false, -1, 0, nullptr},
    {"java/lang/Class", "forName", "(Ljava/lang/String;ZLjava/lang/ClassLoader;)Ljava/lang/Class;", false, -1, 0,
     nullptr},
    {"java/lang/Class", "getField", "(Ljava/lang/String;)Ljava/lang/reflect/Field;", false, 0, 1, nullptr},
    {"java/lang/Class", "getDeclaredField", "(Ljava/lang/String;)Ljava/lang/reflect/Field;", false, 0, 1, nullptr},
    {"java/lang/Class", "getMethod", "(Ljava/lang/String;[Ljava/lang/Class;)Ljava/lang/reflect/Method;", false, 0, 1,
     nullptr},
    {"java/lang/Class", "getDeclaredMethod", "(Ljava/lang/String;[Ljava/lang/Class;)Ljava/lang/reflect/Method;", false,
     0, 1, nullptr},
    {"java/lang/Class", "getConstructor", "([Ljava/lang/Class;)Ljava/lang/reflect/Constructor;", false, 0, -1, nullptr},
    {"java/lang/Class", "getDeclaredConstructor", "([Ljava/lang/Class;)Ljava/lang/reflect/Constructor;", false, 0, -1,
     nullptr},
    {"java/lang/Class", "getFields", "()[Ljava/lang/reflect/Field;", false, 0, -1, nullptr},
    {"java/lang/Class", "getDeclaredFields", "()[Ljava/lang/reflect/Field;", false, 0, -1, nullptr},
    {"java/lang/Class", "getMethods", "()[Ljava/lang/reflect/Method;", false, 0, -1, nullptr},
    {"java/lang/Class", "getDeclaredMethods", "()[Ljava/lang/reflect/Method;", false, 0, -1, nullptr},
    {"java/lang/Class", "getConstructors", "()[Ljava/lang/reflect/Constructor;", false, 0, -1, nullptr},
    {"java/lang/Class", "getDeclaredConstructors", "()[Ljava/lang/reflect/Constructor;", false, 0, -1, nullptr},
    {"java/lang/Class", "getDeclaredClasses", "()[Ljava/lang/Class;", false, 0, -1, nullptr},
    {"java/lang/Class", "getRecordComponents", "()[Ljava/lang/reflect/RecordComponent;", false, 0, -1, nullptr},
    {"java/lang/invoke/MethodHandles$Lookup", "findVirtual",
     "(Ljava/lang/Class;Ljava/lang/String;Ljava/lang/invoke/MethodType;)Ljava/lang/invoke/MethodHandle;", false, 1, 2,
     nullptr},
    {"java/lang/invoke/MethodHandles$Lookup", "findStatic",
     "(Ljava/lang/Class;Ljava/lang/String;Ljava/lang/invoke/MethodType;)Ljava/lang/invoke/MethodHandle;", false, 1, 2,
     nullptr},
    {"java/lang/invoke/MethodHandles$Lookup", "findConstructor",
     "(Ljava/lang/Class;Ljava/lang/invoke/MethodType;)Ljava/lang/invoke/MethodHandle;", false, 1, -1, nullptr},
    {"java/lang/Class", "getResource", "(Ljava/lang/String;)Ljava/net/URL;", true, 0, 1, nullptr},
    {"java/lang/Class", "getResourceAsStream", "(Ljava/lang/String;)Ljava/io/InputStream;", true, 0, 1, nullptr},
    {"java/lang/ClassLoader", "getResource", "(Ljava/lang/String;)Ljava/net/URL;", true, -1, 1, nullptr},
    {"java/lang/ClassLoader", "getResources", "(Ljava/lang/String;)Ljava/util/Enumeration;", true, -1, 1, nullptr},
    {"java/lang/ClassLoader", "getResourceAsStream", "(Ljava/lang/String;)Ljava/io/InputStream;", true, -1, 1, nullptr},
};

bool is_jdk(const std::string &name) {
    for (const char *prefix : {"java.", "javax.", "jdk.", "sun.", "com.sun."}) {
        if (name.compare(0, std::strlen(prefix), prefix) == 0) {
            return true;
        }
    }
    return false;
}

// The class whose code called the method that the thread is in.
std::string caller(jthread thread) {
    jvmtiFrameInfo frame;
    jint count = 0;
    jclass type = nullptr;
    if (tools->GetStackTrace(thread, 1, 1, &frame, &count) != JVMTI_ERROR_NONE || count == 0 ||
        tools->GetMethodDeclaringClass(frame.method, &type) != JVMTI_ERROR_NONE) {
        return "java.none";
    }
    return class_name(type);
}

std::string text(JNIEnv *env, jobject string) {
    if (string == nullptr) {
        return "";
    }
    const char *characters = env->GetStringUTFChars(static_cast<jstring>(string), nullptr);
    std::string result = characters;
    env->ReleaseStringUTFChars(static_cast<jstring>(string), characters);
    return result;
}

void JNICALL at_breakpoint(jvmtiEnv *, JNIEnv *env, jthread thread, jmethodID method, jlocation) {
    std::string from = caller(thread);
    if (is_jdk(from)) {
        return;
    }
    for (const Lookup &lookup : lookups) {
        if (lookup.id != method) {
            continue;
        }
        jobject type = nullptr;
        jobject name = nullptr;
        if (lookup.class_slot >= 0) {
            tools->GetLocalObject(thread, 0, lookup.class_slot, &type);
        }
        if (lookup.name_slot >= 0) {
            tools->GetLocalObject(thread, 0, lookup.name_slot, &name);
        }
        std::string line = lookup.resource ? "resource " : "reflection ";
        line += from;
        if (type != nullptr) {
            line += " " + class_name(static_cast<jclass>(type));
        } else if (lookup.resource) {
            line += " -";
        }
        if (name != nullptr) {
            line += " " + text(env, name);
        }
        write(line);
    }
}

void JNICALL at_start(jvmtiEnv *, JNIEnv *env, jthread) {
    for (Lookup &lookup : lookups) {
        jclass type = env->FindClass(lookup.type);
        lookup.id = env->GetMethodID(type, lookup.method, lookup.signature);
        if (lookup.id == nullptr) {
            env->ExceptionClear();
            lookup.id = env->GetStaticMethodID(type, lookup.method, lookup.signature);
        }
        if (lookup.id == nullptr || tools->SetBreakpoint(lookup.id, 0) != JVMTI_ERROR_NONE) {
            env->FatalError(lookup.method);
        }
    }
    tools->SetEventNotificationMode(JVMTI_ENABLE, JVMTI_EVENT_BREAKPOINT, nullptr);
    jniNativeInterface *table = nullptr;
    tools->GetJNIFunctionTable(&table);
    original = table;
    recording = *table;
    recording.FindClass = find_class;
    recording.GetMethodID = get_method;
    recording.GetStaticMethodID = get_static_method;
    recording.GetFieldID = get_field;
    recording.GetStaticFieldID = get_static_field;
    tools->SetJNIFunctionTable(&recording);
}

} // namespace

JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *jvm, char *options, void *) {
    output = std::fopen(options == nullptr ? "" : options, "a");
    if (output == nullptr || jvm->GetEnv(reinterpret_cast<void **>(&tools), JVMTI_VERSION_11) != JNI_OK) {
        return JNI_ERR;
    }
    jvmtiCapabilities capabilities{};
    capabilities.can_generate_breakpoint_events = 1;
    capabilities.can_access_local_variables = 1;
    jvmtiEventCallbacks callbacks{};
    callbacks.VMInit = at_start;
    callbacks.Breakpoint = at_breakpoint;
    bool ready = tools->AddCapabilities(&capabilities) == JVMTI_ERROR_NONE &&
                 tools->SetEventCallbacks(&callbacks, sizeof callbacks) == JVMTI_ERROR_NONE &&
                 tools->SetEventNotificationMode(JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, nullptr) == JVMTI_ERROR_NONE;
    return ready ? JNI_OK : JNI_ERR;
}
