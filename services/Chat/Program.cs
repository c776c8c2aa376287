using MedCor.Chat;
using MedCor.Chat.Calls;
using MedCor.Chat.Prompts;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Chats;
using MedCor.ServiceDefaults.Copies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<ChatDb>("chat", copies: [typeof(KnownHospitals), typeof(KnownUsers)]);
builder.AddPrompts();
builder.AddChats();
builder.AddCalls();

var app = builder.Build();
app.MapCalls();
await app.RunMedCorService(args);
