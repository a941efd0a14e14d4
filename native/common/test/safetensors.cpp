#include "safetensors.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace test {

namespace {

/* The header's JSON, read from left to right: {"name": {"dtype": "F32", "shape": [..], "data_offsets": [a, b]}, ..}. */
class Header {
  public:
    Header(const std::string &text, const std::string &path) : text_(text), path_(path) {}

    bool at(char c) {
        skip();
        return next_ < text_.size() && text_[next_] == c;
    }
    bool take(char c) {
        const bool there = at(c);
        next_ += there ? 1U : 0U;
        return there;
    }
    void expect(char c) {
        if (!take(c)) {
            throw std::runtime_error(path_ + ": header: no '" + c + "' at " + std::to_string(next_));
        }
    }
    std::string string() {
        expect('"');
        const std::size_t end = text_.find('"', next_);
        std::string found = text_.substr(next_, end - next_);
        next_ = end + 1;
        return found;
    }
    std::vector<std::int64_t> numbers() {
        std::vector<std::int64_t> found;
        expect('[');
        while (!at(']')) {
            std::size_t used = 0;
            found.push_back(std::stoll(text_.substr(next_), &used));
            next_ += used;
            take(',');
        }
        expect(']');
        return found;
    }

  private:
    void skip() {
        while (next_ < text_.size() && (text_[next_] == ' ' || text_[next_] == '\n')) {
            ++next_;
        }
    }

    const std::string &text_;
    const std::string &path_;
    std::size_t next_ = 0;
};

} // namespace

std::map<std::string, Tensor> read_safetensors(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::uint64_t header_length = 0;
    if (bytes.size() < sizeof header_length) {
        throw std::runtime_error(path + ": missing or shorter than a safetensors header");
    }
    std::memcpy(&header_length, bytes.data(), sizeof header_length);
    const std::string text = bytes.substr(sizeof header_length, header_length);
    const std::size_t data = sizeof header_length + header_length;
    std::map<std::string, Tensor> tensors;
    Header header(text, path);
    header.expect('{');
    while (!header.at('}')) {
        const std::string name = header.string();
        header.expect(':');
        header.expect('{');
        Tensor tensor;
        std::vector<std::int64_t> offsets;
        std::string type;
        while (!header.take('}')) {
            const std::string key = header.string();
            header.expect(':');
            if (key == "shape") {
                tensor.shape = header.numbers();
            } else if (key == "data_offsets") {
                offsets = header.numbers();
            } else {
                type = header.string();
            }
            header.take(',');
        }
        header.take(',');
        if (type != "F32" || offsets.size() != 2) {
            continue;
        }
        const std::size_t from = data + static_cast<std::size_t>(offsets[0]);
        const std::size_t length = static_cast<std::size_t>(offsets[1] - offsets[0]);
        if (from + length > bytes.size()) {
            throw std::runtime_error(path + ": " + name + " ends behind the file");
        }
        tensor.values.resize(length / sizeof(float));
        std::memcpy(tensor.values.data(), bytes.data() + from, length);
        tensors[name] = tensor;
    }
    return tensors;
}

} // namespace test
