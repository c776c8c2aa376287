using MedCor.Contracts;
using MedCor.Contracts.Chat;

namespace MedCor.ChatStreams;

/// <summary>There is no such call, as far as its asker may know.</summary>
public sealed class ChatRunNotFound(string call) : ApiException(404, ChatErrorCodes.CallNotFound, $"Call '{(call.Length > 100 ? call[..100] : call)}' not found");
