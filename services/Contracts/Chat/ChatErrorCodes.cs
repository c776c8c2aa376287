namespace MedCor.Contracts.Chat;

/// <summary>Defines the error codes of the chat endpoints.</summary>
public static class ChatErrorCodes
{
    public const string Unauthenticated = "AUTH_ERROR";
    public const string Unauthorized = "AUTHZ_ERROR";
    public const string ToolNotFound = "TOOL_NOT_FOUND";
    public const string CallNotFound = "CALL_NOT_FOUND";
    public const string Validation = "VALIDATION_ERROR";
    public const string Model = "OPENAI_ERROR";
    public const string Server = "SERVER_ERROR";
}
