using MedCor.Contracts;
using MedCor.Contracts.Chat;

namespace MedCor.ChatStreams;

/// <summary>Reports that the chat run does not exist or belongs to another owner.</summary>
public sealed class ChatRunNotFound(string call) : ApiException(404, ChatErrorCodes.CallNotFound, $"Call '{(call.Length > 100 ? call[..100] : call)}' not found");
