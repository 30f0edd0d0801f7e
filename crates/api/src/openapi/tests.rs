#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a panic is the report")]

use std::collections::BTreeMap;

use super::*;

fn documented() -> BTreeMap<String, String> {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().expect("every operation has an id").to_owned();
            let route = format!("{} {path}", method.to_uppercase());
            assert_eq!(found.insert(id, route), None, "an operation's id stands twice");
        }
    }
    found
}

#[test]
fn the_document_and_the_table_of_operations_are_the_same() {
    let documented = documented();
    for operation in Operation::ALL {
        let route = documented.get(operation.id()).map(String::as_str);
        assert_eq!(route, Some(operation.route()), "{operation:?} in the document");
    }
    for (id, route) in &documented {
        assert!(Operation::from_id(id).is_some(), "{id} ({route}) is not in the table");
    }
}

#[test]
fn every_operation_says_who_may_and_what_it_leaves() {
    let mut document = openapi();
    let mut lines = Vec::new();
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            let id = operation.operation_id.clone().unwrap();
            let description = operation.description.clone().unwrap_or_default();
            let after = |mark: &str| {
                let at = description.find(mark).unwrap_or_else(|| panic!("{id} lacks {mark}"));
                description[at + mark.len()..].lines().next().unwrap().trim().to_owned()
            };
            let statuses: Vec<_> = operation.responses.responses.keys().cloned().collect();
            assert!(operation.summary.is_some(), "{id} has no summary");
            assert!(operation.tags.as_ref().is_some_and(|t| t.len() == 1), "{id} has no tag");
            lines.push(format!(
                "{path} {id}\n    who: {}\n    leaves: {}\n    answers: {}",
                after("**Who:**"),
                after("**Leaves in the log:**"),
                statuses.join(" "),
            ));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn it_is_openapi_3_1_and_refers_to_nothing_that_is_not_there() {
    let document = serde_json::to_value(openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("references stay inside");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn the_example_of_a_problem_is_of_its_own_status() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut seen = 0;
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let reference = response["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
                let response = reference.map_or(response, |pointer| document.pointer(pointer).unwrap());
                let content = &response["content"][PROBLEM];
                if !content.is_null() {
                    let example = &content["example"];
                    assert_eq!(example["status"].to_string(), *status, "{}", operation["operationId"]);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(|r| r.as_str()) {
                found.push(reference.to_owned());
            }
            members.values().for_each(|v| collect(v, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|v| collect(v, found)),
        _ => {}
    }
}
