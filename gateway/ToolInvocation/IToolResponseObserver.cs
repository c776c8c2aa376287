using MedCor.Contracts;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>Observes the results of tool calls before the caller receives them. Implementations neither wait nor throw.</summary>
internal interface IToolResponseObserver
{
    /// <summary>Is called when the tool's service has responded. The response is valid until this method returns.</summary>
    void OnResponse(InvocationContext context, ToolDescriptor tool, ToolResponse response);

    /// <summary>Is called when a call was rejected before its tool was reached, or its tool could not be reached.</summary>
    void OnError(InvocationContext context, ToolDescriptor tool, ApiException error);
}
