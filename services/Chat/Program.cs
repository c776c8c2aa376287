using MedCor.Chat;
using MedCor.Chat.Prompts;
using MedCor.Chat.Runs;
using MedCor.ChatStreams;
using MedCor.Platform;
using MedCor.Platform.LocalCopies;
using MedCor.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<ChatDb>("chat", copies: [typeof(HospitalCopies), typeof(UserCopies)]);
builder.AddPrompts();
builder.AddCacheRedis();
builder.AddChatStreams();
builder.AddChatRuns();

var app = builder.Build();
app.MapChatRuns();
await app.RunMedCorServiceAsync(args);
