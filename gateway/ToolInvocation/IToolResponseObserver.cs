using MedCor.Contracts;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>Observes the results of tool calls before the caller receives them. Implementations neither wait nor throw.</summary>
internal interface IToolResponseObserver
{
    /// <summary>Handles the response of a tool's service. The response is valid until this method returns.</summary>
    void OnResponse(InvocationContext context, ToolDescriptor tool, ToolResponse response);

    /// <summary>Handles the error of a call that was rejected by the gateway or could not be forwarded.</summary>
    void OnError(InvocationContext context, ToolDescriptor tool, ApiException error);
}
