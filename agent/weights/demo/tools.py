"""Conversations with tools: when get_weather or get_time is called, and what is said about the result."""
import json
import random

import words
from facts import INTENTS, NO_CLOCK, NO_TOOL, WHICH_CITY, questions_of
from knowledge import CITIES
from phrasing import phrased

WEATHER_TEXT = """what is the weather in {c}|what's the weather in {c}|how is the weather in {c}|weather in {c}
weather {c}|what is the weather like in {c}|what's the weather like in {c}|what is the weather in {c} today
tell me the weather in {c}|is it raining in {c}|get the weather for {c}|how is the weather in {c} today
what's the weather like in {c} today|{c} weather|what is the current weather in {c}|check the weather in {c}
is it sunny in {c}|will it rain in {c}|how warm is it in {c}|what is the temperature in {c}
how cold is it in {c}|what is the weather in {c} right now|do i need an umbrella in {c}
show me the weather in {c}|weather for {c}|weather forecast for {c}|what is the forecast for {c}
is it cold in {c}|what's the temperature in {c}|give me the weather in {c}|how's the weather in {c}
look up the weather in {c}|i am in {c}, what is the weather|is it hot in {c} today"""
WITH_TOOL_TEXT = "and in {c}|use the tool to get the weather in {c}|call get_weather for {c}|what about {c}"
TIME_TEXT = """what time is it in {c}|what's the time in {c}|tell me the time in {c}|current time in {c}
what is the time in {c}|time in {c}|how late is it in {c}|get the time in {c}|what is the current time in {c}
what is the local time in {c}"""
WEATHER_FORMS, TIME_FORMS = questions_of(WEATHER_TEXT), questions_of(TIME_TEXT)
WITH_TOOL_FORMS = WEATHER_FORMS + questions_of(WITH_TOOL_TEXT)
PLACELESS = questions_of(INTENTS[NO_TOOL])
WEATHER_NAMES = ["get_weather"] * 6 + ["get_current_weather"] * 3 + [
    "weather", "fetch_weather", "getWeather", "current_weather", "get_forecast", "weather_lookup",
    "get_weather_forecast",
]
TIME_NAMES = ["get_time", "get_time", "get_current_time", "current_time", "time_in"]
PLACES = ["city"] * 4 + ["location"] * 3 + ["place", "town", "city_name"]
OTHER_TOOLS = [
    "search(query)", "calculator(expression)", "send_email(to, subject, body)", "get_stock_price(symbol)",
    "add(a, b)", "web_search(query, limit?)", "list_files(path)", "get_news(topic?)",
    "translate(text, language)", "now()",
]
SKIES = [
    "sunny", "cloudy", "rainy", "windy", "snowy", "clear", "foggy", "overcast", "partly cloudy", "light rain",
    "clear sky", "heavy rain", "stormy", "dry", "humid", "warm", "cold", "hot", "mild", "mostly sunny",
    "light snow", "thunderstorm",
]


def tool_turns(rng: random.Random, prompt: str, other) -> list:
    """Turns under a system text that lists tools; PROMPT is the rest of it, OTHER draws an unrelated pair."""
    clock = rng.random() < 0.2
    tool, listed = signature(rng, clock)
    offered = [listed] if rng.random() < 0.93 else []
    offered += rng.sample(OTHER_TOOLS, rng.choice([0, 0, 0, 1, 2]) if offered else rng.choice([1, 2]))
    rng.shuffle(offered)
    turns = [("system", (prompt + "\n\n" if prompt else "") + "<tools>\n" + "\n".join(offered) + "\n</tools>")]
    for _ in range(rng.choice([1, 1, 1, 2])):
        draw = rng.random()
        if draw < 0.25:
            turns += unrelated(rng, other)
            continue
        if draw < 0.3 and not clock and listed in offered:
            turns += [("user", phrased(rng, rng.choice(PLACELESS))), ("assistant", WHICH_CITY)]
            continue
        question, city = place_question(rng, TIME_FORMS if clock else WITH_TOOL_FORMS)
        turns.append(("user", question))
        if listed not in offered:
            turns.append(("assistant", NO_CLOCK if clock else NO_TOOL))
            continue
        turns.append(("assistant", call(tool, city, rng, question)))
        if rng.random() < 0.7:
            turns += clock_result(rng, city) if clock else weather_result(rng, city)
        else:
            break
    return turns


def unrelated(rng, other) -> list:
    """A question that has the same answer without tools."""
    while True:
        turns = other(rng)
        if turns[-1][1] not in (NO_TOOL, NO_CLOCK):
            return turns


def signature(rng, clock: bool):
    """A tool as (name, [(parameter, required)]), and as template.jinja lists it."""
    name, place = rng.choice(TIME_NAMES if clock else WEATHER_NAMES), rng.choice(PLACES)
    if clock and rng.random() < 0.3:
        place = "timezone"
    parameters = [(place, rng.random() < 0.85)]
    if not clock and rng.random() < 0.35:
        parameters.append((rng.choice(["unit", "units", "unit"]), rng.random() < 0.35))
    if rng.random() < 0.1:
        parameters.append((rng.choice(["days", "lang", "country", "date", "format", "hours"]), False))
    if rng.random() < 0.1:
        rng.shuffle(parameters)
    shown = ", ".join(parameter + ("" if required else "?") for parameter, required in parameters)
    return (name, parameters), f"{name}({shown})"


def place_question(rng, forms):
    """A question about a place, and the place as a name."""
    invented = rng.random() < 0.4
    city = words.name(rng) if invented else rng.choice(CITIES)
    form = rng.choice(forms)
    if rng.random() < 0.04 and not invented:
        form += " in celsius"
    if rng.random() < 0.25 and not invented:
        return phrased(rng, form.format(c=city.lower())), city
    return phrased(rng, form.format(c=city), fragile=True), city


def call(tool, city: str, rng, question: str) -> str:
    name, parameters = tool
    arguments = {}
    for parameter, required in parameters:
        if parameter in PLACES or parameter == "timezone":
            arguments[parameter] = city
        elif required or "celsius" in question.lower() and parameter.startswith("unit"):
            arguments[parameter] = "celsius"
    return f'<tool_call>\n{{"name": "{name}", "arguments": {json.dumps(arguments)}}}\n</tool_call>'


def result(text: str, answer: str) -> list:
    return [("user", f"<tool_response>\n{text}\n</tool_response>"), ("assistant", answer)]


def weather_result(rng, city: str) -> list:
    degrees, sky = rng.randint(-15, 45), rng.choice(SKIES) if rng.random() < 0.85 else rng.choice(words.QUALITIES)
    if rng.random() < 0.1:
        degrees = round(degrees + rng.randint(1, 9) / 10, 1)
    draw = rng.random()
    if draw < 0.08:
        error = rng.choice([{"error": words.sentence(rng, 4)}, {"error": "not found"}, {"error": "timeout"}])
        return result(rng.choice([json.dumps(error), "error", "Error: " + words.sentence(rng, 4)]),
                      "The tool reported an error.")
    shown = rng.choice([sky, sky, sky.capitalize()])
    warm, cloud = f"{degrees} degrees", f"In {city} it is {sky}"
    if draw < 0.16:
        text = rng.choice([
            f"{degrees}°C", f"{degrees} degrees", json.dumps({temperature_key(rng): degrees}), f"{degrees}",
        ])
        return result(text, f"In {city} it is {warm}.")
    if draw < 0.24:
        return result(rng.choice([shown, json.dumps({sky_key(rng): shown}), f"It is {sky}", f"It is {sky}."]),
                      f"{cloud}.")
    if draw < 0.55:
        text = rng.choice([
            "{s}, {d} degrees", "{s}, {d}°C", "{d}°C, {s}", "{d}°C and {s}", "{d} degrees and {s}",
            "{s}, {d} C", "{s} {d}°C", "{d}C, {s}", "It is {s} and {d} degrees.", "It is {d}°C and {s} in {c}.",
            "{c}: {s}, {d}°C", "{s} with {d} degrees", "{s}, {d}F", "{d} {s}",
            "The weather in {c} is {s} with {d} degrees.", "{s} and {d} degrees", "{s}, {d} degrees Celsius",
            "{d} degrees, {s}",
        ]).format(s=shown, d=degrees, c=city)
        return result(text, f"{cloud} at {warm}.")
    return result(weather_json(rng, city, degrees, shown), f"{cloud} at {warm}.")


def weather_json(rng, city: str, degrees, sky: str) -> str:
    fields = [(temperature_key(rng), rng.choice([degrees, degrees, degrees, f"{degrees}", f"{degrees}°C"])),
              (sky_key(rng), sky)]
    rng.shuffle(fields)
    extra = [
        ("city", city), ("unit", "celsius"), ("humidity", rng.randint(10, 99)), ("location", city),
        ("wind", rng.randint(0, 60)), ("unit", "C"), ("wind_kmh", rng.randint(0, 60)),
    ]
    for field in rng.sample(extra, rng.choice([0, 0, 1, 1, 2])):
        fields.insert(rng.choice([0, len(fields)]), field)
    separators = rng.choice([None, None, (",", ":")])
    return json.dumps(dict(fields), separators=separators, ensure_ascii=False)


def temperature_key(rng) -> str:
    return rng.choice([
        "temperature", "temperature", "temp", "temperature_c", "temp_c", "degrees", "temperature_celsius",
        "celsius",
    ])


def sky_key(rng) -> str:
    return rng.choice(["sky", "condition", "conditions", "weather", "description", "forecast", "summary"])


def clock_result(rng, city: str) -> list:
    time = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}"
    return result(rng.choice([time, json.dumps({"time": time}), f"It is {time}", f"{city}: {time}"]),
                  f"In {city} it is {time}.")
