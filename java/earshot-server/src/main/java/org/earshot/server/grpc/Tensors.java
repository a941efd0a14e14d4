package org.earshot.server.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import inference.OpenInferenceGrpc.InferParameter;
import inference.OpenInferenceGrpc.InferTensorContents;
import inference.OpenInferenceGrpc.ModelInferRequest;
import inference.OpenInferenceGrpc.ModelInferResponse;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.server.inference.InferenceRequest;
import org.earshot.server.inference.InferenceResponse;
import org.earshot.server.inference.RawTensors;
import org.earshot.server.inference.Tensor;
import org.earshot.server.service.RequestException;

/** The proto's messages and what they mean. */
final class Tensors {
    private Tensors() {}

    static InferenceRequest read(ModelInferRequest request) {
        boolean raw = request.getRawInputContentsCount() > 0;
        if (raw && request.getRawInputContentsCount() != request.getInputsCount()) {
            throw RequestException.invalid(
                    "raw_input_contents",
                    request.getRawInputContentsCount() + " of them",
                    request.getInputsCount() + ", one for each input");
        }
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < request.getInputsCount(); i++) {
            ModelInferRequest.InferInputTensor input = request.getInputs(i);
            Tensor.Data data = raw
                    ? RawTensors.read(
                            input.getName(),
                            input.getDatatype(),
                            request.getRawInputContents(i).asReadOnlyByteBuffer())
                    : contents(input);
            inputs.add(new Tensor(
                    input.getName(),
                    input.getDatatype(),
                    input.getShapeList(),
                    parameters(input.getParametersMap()),
                    data));
        }
        return new InferenceRequest(
                request.getId(),
                parameters(request.getParametersMap()),
                inputs,
                request.getOutputsList().stream()
                        .map(ModelInferRequest.InferRequestedOutputTensor::getName)
                        .toList());
    }

    private static Tensor.Data contents(ModelInferRequest.InferInputTensor input) {
        InferTensorContents contents = input.getContents();
        return switch (input.getDatatype()) {
            case Tensor.BYTES ->
                new Tensor.Bytes(contents.getBytesContentsList().stream()
                        .map(ByteString::toByteArray)
                        .toList());
            case Tensor.FP32 -> {
                float[] values = new float[contents.getFp32ContentsCount()];
                for (int i = 0; i < values.length; i++) {
                    values[i] = contents.getFp32Contents(i);
                }
                yield new Tensor.Floats(values, values.length);
            }
            default -> throw RawTensors.wrongType(input.getName(), input.getDatatype());
        };
    }

    private static Map<String, Object> parameters(Map<String, InferParameter> parameters) {
        Map<String, Object> values = new LinkedHashMap<>();
        parameters.forEach((name, parameter) -> {
            switch (parameter.getParameterChoiceCase()) {
                case BOOL_PARAM -> values.put(name, parameter.getBoolParam());
                case INT64_PARAM -> values.put(name, parameter.getInt64Param());
                case STRING_PARAM -> values.put(name, parameter.getStringParam());
                case DOUBLE_PARAM -> values.put(name, parameter.getDoubleParam());
                case UINT64_PARAM -> values.put(name, unsigned(parameter.getUint64Param()));
                case PARAMETERCHOICE_NOT_SET -> throw RequestException.invalid("parameter " + name, "no value", "one");
            }
        });
        return values;
    }

    /** As it was sent: Java has the upper half of such numbers negative. */
    private static Number unsigned(long bits) {
        return bits >= 0 ? (Number) bits : new BigInteger(Long.toUnsignedString(bits));
    }

    /** The answer, raw if the request was. */
    static ModelInferResponse write(InferenceResponse response, boolean raw) {
        ModelInferResponse.Builder message = ModelInferResponse.newBuilder()
                .setModelName(response.model())
                .setModelVersion(response.version())
                .setId(response.id());
        for (Tensor output : response.outputs()) {
            ModelInferResponse.InferOutputTensor.Builder tensor = message.addOutputsBuilder()
                    .setName(output.name())
                    .setDatatype(output.datatype())
                    .addAllShape(output.shape());
            if (raw) {
                message.addRawOutputContents(UnsafeByteOperations.unsafeWrap(RawTensors.write(output.data())));
            } else if (output.data() instanceof Tensor.Floats floats) {
                for (int i = 0; i < floats.size(); i++) {
                    tensor.getContentsBuilder().addFp32Contents(floats.array()[i]);
                }
            } else {
                ((Tensor.Bytes) output.data()).elements().forEach(element -> tensor.getContentsBuilder()
                        .addBytesContents(ByteString.copyFrom(element)));
            }
        }
        return message.build();
    }
}
