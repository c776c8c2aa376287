using MedCor.Chat;
using MedCor.Chat.Prompts;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Copies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<ChatDb>("chat", copies: [typeof(KnownHospitals), typeof(KnownUsers)]);
builder.Services.AddScoped<Guide>();
foreach (var prompt in typeof(Prompt).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Prompt)) && !t.IsAbstract)) builder.Services.AddSingleton(typeof(Prompt), prompt);

await builder.Build().RunMedCorService(args);
